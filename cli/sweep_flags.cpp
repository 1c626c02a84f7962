#include "cli/sweep_flags.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "common/base/files.h"
#include "common/spec/axis.h"
#include "common/spec/spec_file.h"

namespace furrow::cli {

namespace {

/// A parameter by the name of its flag: its field with hyphens, but for the one that everybody
/// calls otherwise.
struct ParameterFlag {
  std::string name;
  bool is_option = false;  ///< may be given without a value, for "true"
};

std::vector<ParameterFlag> parameter_flags() {
  std::vector<ParameterFlag> flags = {{"init-image"}, {"mask"}};
  for (const spec::AxisKind& kind : spec::axis_kinds()) {
    if (!spec::is_parameter(kind)) continue;
    std::string name(kind.field == "guidance_scale" ? "cfg" : kind.field);
    std::ranges::replace(name, '_', '-');
    flags.push_back({std::move(name), kind.type == spec::AxisType::Choice});
  }
  return flags;
}

/// The names of pictures as they mean the same file from everywhere; `folder` is what they are
/// relative to.
void make_absolute(v1::JobSpec& sweep, const std::filesystem::path& folder) {
  if (!sweep.has_base()) return;
  v1::Parameters& base = *sweep.mutable_base();
  const auto resolve = [&](v1::PictureRef& picture) {
    const auto file = std::filesystem::absolute(folder / picture.name());
    picture.set_name(file.lexically_normal().string());
  };
  if (base.has_init_image()) resolve(*base.mutable_init_image());
  if (base.has_mask()) resolve(*base.mutable_mask());
}

struct RoleFlag {
  const char* flag;
  v1::AxisRole role;
};

constexpr std::array kRoleFlags = {RoleFlag{"x", v1::AXIS_ROLE_X}, RoleFlag{"y", v1::AXIS_ROLE_Y},
                                   RoleFlag{"z", v1::AXIS_ROLE_Z}};
constexpr std::int64_t kHighestPriority = 1'000'000;
const std::string kTrue = "true";

/// Every line of a message with what it is about before it.
std::string with_prefix(std::string_view prefix, const std::string& message) {
  std::string text;
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) {
    text += fmt::format("{}{}{}", text.empty() ? "" : "\n", prefix, line);
  }
  return text;
}

Result<v1::JobSpec> read_sweep_file(const std::filesystem::path& file) {
  FURROW_TRY(const std::string text, read_file(file));
  const auto format = file.extension() == ".json" ? spec::SpecFormat::Json : spec::SpecFormat::Yaml;
  auto sweep = spec::read_spec(text, format);
  if (sweep) {
    make_absolute(*sweep, file.parent_path());
    return sweep;
  }
  return fail(sweep.error().kind, with_prefix(file.string() + ": ", sweep.error().message));
}

/// Writes what the flags say over a sweep and collects their faults.
class FlagWriter {
 public:
  FlagWriter(const Arguments& arguments, v1::JobSpec& sweep)
      : arguments_(arguments),
        sweep_(sweep),
        is_replaced_(static_cast<std::size_t>(sweep.axes_size()), false) {}

  void write_parameters() {
    for (const ParameterFlag& flag : parameter_flags()) {
      const auto text = arguments_.text(flag.name);
      if (!text) continue;
      const auto& value = flag.is_option && text->empty() ? kTrue : *text;
      const auto set = spec::set_parameter(*sweep_.mutable_base(), flag.name, value);
      if (!set) faults_.push_back(with_prefix("--", set.error().message));
    }
  }

  void write_axes() {
    for (const RoleFlag& wanted : kRoleFlags) {
      const auto text = arguments_.text(wanted.flag);
      if (!text) continue;
      auto axis = spec::parse_axis_flag(*text, wanted.role);
      if (!axis) {
        faults_.push_back(axis.error().message);
        continue;
      }
      put_axis(*std::move(axis));
    }
    for (const std::string& text : arguments_.texts("axis")) {
      auto axis = spec::parse_axis_flag(text, v1::AXIS_ROLE_UNSPECIFIED);
      if (!axis) {
        faults_.push_back(axis.error().message);
        continue;
      }
      put_axis(*std::move(axis));
    }
  }

  void write_job() {
    if (const auto name = arguments_.text("name")) sweep_.set_name(*name);
    if (const auto owner = arguments_.text("owner")) sweep_.set_owner(*owner);
    const auto priority = arguments_.integer("priority", -kHighestPriority, kHighestPriority);
    if (!priority) {
      faults_.push_back(priority.error().message);
    } else if (*priority) {
      sweep_.set_priority(static_cast<std::int32_t>(**priority));
    }
  }

  const std::vector<std::string>& faults() const { return faults_; }

 private:
  /// Puts an axis in the place of the one of the sweep's file that has its role or varies the same,
  /// or behind the others. What another flag has put there stays.
  void put_axis(v1::AxisSpec axis) {
    for (std::size_t i = 0; i < is_replaced_.size(); ++i) {
      v1::AxisSpec& other = *sweep_.mutable_axes(static_cast<int>(i));
      if (is_replaced_[i] || !replaces(axis, other)) continue;
      if (axis.role() == v1::AXIS_ROLE_UNSPECIFIED) axis.set_role(other.role());
      other = std::move(axis);
      is_replaced_[i] = true;
      return;
    }
    *sweep_.add_axes() = std::move(axis);
  }

  static bool replaces(const v1::AxisSpec& axis, const v1::AxisSpec& other) {
    if (axis.role() != v1::AXIS_ROLE_UNSPECIFIED && axis.role() == other.role()) return true;
    const spec::AxisKind* kind = spec::axis_named(axis.label());
    return kind != nullptr && kind == spec::axis_named(other.label());
  }

  const Arguments& arguments_;
  v1::JobSpec& sweep_;
  std::vector<bool> is_replaced_;  // by axis of the file
  std::vector<std::string> faults_;
};

std::string user_name() {
  const char* user = std::getenv("USER");
  if (user != nullptr && *user != '\0') return user;
  const passwd* entry = getpwuid(getuid());
  return entry == nullptr ? std::to_string(getuid()) : entry->pw_name;
}

}  // namespace

Result<v1::JobSpec> sweep_of_flags(const Arguments& arguments) {
  v1::JobSpec sweep;
  if (const auto file = arguments.path("spec")) {
    FURROW_TRY(sweep, read_sweep_file(*file));
  }
  FlagWriter writer(arguments, sweep);
  writer.write_parameters();
  writer.write_axes();
  writer.write_job();
  if (!writer.faults().empty()) {
    return fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(writer.faults(), "\n")));
  }
  make_absolute(sweep, std::filesystem::path());
  if (sweep.owner().empty()) sweep.set_owner(user_name());
  return sweep;
}

}  // namespace furrow::cli
