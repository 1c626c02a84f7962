#include "worker/sim/profile.h"

#include <functional>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "common/base/files.h"
#include "common/spec/nearest.h"

namespace furrow::worker::sim {

namespace {

constexpr double kMostSeconds = 86'400;

/// Reads one map of a profile key by key, and gathers every fault found.
class Reader {
 public:
  using Rule = std::function<void(const YAML::Node&)>;

  explicit Reader(std::vector<std::string>& faults) : faults_(faults) {}

  void key(std::string name, Rule rule) { rules_.emplace(std::move(name), std::move(rule)); }

  void number(std::string name, double& target, double least, double most) {
    key(name, [this, name, &target, least, most](const YAML::Node& node) {
      const auto value = scalar<double>(node);
      if (value && *value >= least && *value <= most) {
        target = *value;
      } else {
        fault(node, fmt::format("{} has to be a number from {} to {}", name, least, most));
      }
    });
  }

  template <typename Integer>
  void integer(std::string name, Integer& target, Integer least, Integer most) {
    key(name, [this, name, &target, least, most](const YAML::Node& node) {
      const auto value = scalar<Integer>(node);
      if (value && *value >= least && *value <= most) {
        target = *value;
      } else {
        fault(node, fmt::format("{} has to be a whole number from {} to {}", name, least, most));
      }
    });
  }

  void text(std::string name, std::string& target) {
    key(name, [this, name, &target](const YAML::Node& node) {
      if (const auto value = scalar<std::string>(node)) {
        target = *value;
      } else {
        fault(node, name + " has to be a text");
      }
    });
  }

  void flag(std::string name, bool& target) {
    key(name, [this, name, &target](const YAML::Node& node) {
      if (const auto value = scalar<bool>(node)) {
        target = *value;
      } else {
        fault(node, name + " has to be true or false");
      }
    });
  }

  void read(const YAML::Node& map, const std::string& what) {
    if (!map.IsMap()) return fault(map, what + " has to be a list of keys and values");
    for (const auto& entry : map) {
      const auto name = scalar<std::string>(entry.first).value_or("");
      const auto rule = rules_.find(name);
      if (rule != rules_.end()) {
        rule->second(entry.second);
      } else {
        fault(entry.first, unknown(name, what));
      }
    }
  }

  void fault(const YAML::Node& node, const std::string& sentence) {
    faults_.push_back(fmt::format("line {}: {}", node.Mark().line + 1, sentence));
  }

  template <typename T>
  static std::optional<T> scalar(const YAML::Node& node) {
    T value{};
    if (!node.IsScalar() || !YAML::convert<T>::decode(node, value)) return std::nullopt;
    return value;
  }

 private:
  std::string unknown(const std::string& name, const std::string& what) const {
    std::vector<std::string> known;
    for (const auto& [key, rule] : rules_) known.push_back(key);
    const auto near = spec::nearest(name, known);
    return fmt::format("\"{}\" is no key of {}.{}", name, what,
                       near ? fmt::format(" Did you mean \"{}\"?", *near) : "");
  }

  std::vector<std::string>& faults_;
  std::map<std::string, Rule> rules_;
};

const std::map<std::string, v1::FailureClass>& failure_classes() {
  static const std::map<std::string, v1::FailureClass> classes = {
      {"lost", v1::FAILURE_CLASS_LOST},
      {"oom", v1::FAILURE_CLASS_OOM},
      {"gpu_fault", v1::FAILURE_CLASS_GPU_FAULT},
      {"input", v1::FAILURE_CLASS_INPUT},
      {"io", v1::FAILURE_CLASS_IO},
      {"rejected", v1::FAILURE_CLASS_REJECTED},
      {"timeout", v1::FAILURE_CLASS_TIMEOUT},
      {"nan", v1::FAILURE_CLASS_NAN},
      {"internal", v1::FAILURE_CLASS_INTERNAL}};
  return classes;
}

void read_fail_rates(const YAML::Node& list, std::vector<FailRate>& rates,
                     std::vector<std::string>& faults) {
  if (!list.IsSequence()) return Reader(faults).fault(list, "fail has to be a list");
  for (const auto& entry : list) {
    FailRate rate;
    Reader reader(faults);
    reader.number("rate", rate.rate, 0, 1);
    reader.key("class", [&](const YAML::Node& node) {
      const auto found = failure_classes().find(Reader::scalar<std::string>(node).value_or(""));
      if (found == failure_classes().end()) {
        return reader.fault(node,
                            "class has to be one of lost, oom, gpu_fault, input, io, "
                            "rejected, timeout, nan, internal");
      }
      rate.failure = found->second;
    });
    reader.read(entry, "fail");
    if (rate.failure == v1::FAILURE_CLASS_UNSPECIFIED) {
      reader.fault(entry, "each entry of fail needs a class");
    }
    rates.push_back(rate);
  }
}

void read_faults(const YAML::Node& map, Profile& profile, std::vector<std::string>& faults) {
  Reader reader(faults);
  reader.number("crash_rate", profile.crash_rate, 0, 1);
  reader.integer("crash_signal", profile.crash_signal, 1, 31);
  reader.number("hang_rate", profile.hang_rate, 0, 1);
  reader.number("oom_above_megapixels", profile.oom_above_megapixels, 0, 1e6);
  reader.key("fail", [&](const YAML::Node& list) { read_fail_rates(list, profile.fail, faults); });
  reader.read(map, "faults");
}

void read_top(const YAML::Node& map, Profile& profile, std::vector<std::string>& faults) {
  Reader reader(faults);
  reader.text("name", profile.name);
  reader.text("precision", profile.precision);
  reader.number("memory_gib", profile.memory_gib, 0, 1e6);
  reader.integer("max_batch", profile.max_batch, 1u, 4096u);
  reader.number("load_seconds", profile.load_seconds, 0, kMostSeconds);
  reader.number("encode_seconds", profile.encode_seconds, 0, kMostSeconds);
  reader.number("seconds_per_step", profile.seconds_per_step, 0, kMostSeconds);
  reader.number("seconds_per_step_megapixel", profile.seconds_per_step_megapixel, 0, kMostSeconds);
  reader.number("batch_cost", profile.batch_cost, 0, 10);
  reader.number("decode_seconds", profile.decode_seconds, 0, kMostSeconds);
  reader.number("time_scale", profile.time_scale, 0, 1e6);
  reader.flag("zero_work", profile.zero_work);
  reader.integer("seed", profile.seed, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  reader.key("image", [&](const YAML::Node& node) {
    const auto kind = Reader::scalar<std::string>(node).value_or("");
    if (kind != "none" && kind != "solid") {
      return reader.fault(node, "image has to be none or solid");
    }
    profile.image = kind == "none" ? Pictures::None : Pictures::Solid;
  });
  reader.key("faults", [&](const YAML::Node& node) { read_faults(node, profile, faults); });
  reader.read(map, "the profile");
}

}  // namespace

Result<Profile> parse_profile(std::string_view text) {
  Profile profile;
  std::vector<std::string> faults;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root.IsNull()) read_top(root, profile, faults);
  } catch (const YAML::Exception& error) {
    faults.push_back(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
  if (faults.empty()) return profile;
  return furrow::fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
}

Result<Profile> read_profile(const std::filesystem::path& path) {
  FURROW_TRY(const std::string text, read_file(path));
  auto profile = parse_profile(text);
  if (profile) return profile;
  std::string message = path.string() + ": ";
  for (const char byte : profile.error().message) {
    message += byte;
    if (byte == '\n') message += path.string() + ": ";
  }
  return furrow::fail(ErrorKind::Invalid, std::move(message));
}

}  // namespace furrow::worker::sim
