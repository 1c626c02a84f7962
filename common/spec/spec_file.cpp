#include "common/spec/spec_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/spec/axis.h"
#include "common/spec/nearest.h"
#include "common/spec/text.h"
#include "common/spec/values.h"

namespace furrow::spec {

namespace {

using google::protobuf::FieldDescriptor;

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// The parameters that are files, and no axes.
constexpr std::array kPictureNames = std::to_array<std::string_view>({"init_image", "mask"});

/// The one of them that a name means, whatever stands between its words; empty: none.
std::string_view picture_named(std::string_view name) {
  std::string key = to_lower(trim(name));
  std::ranges::replace_if(
      key, [](char c) { return c == '-' || c == ' '; }, '_');
  const auto found = std::ranges::find(kPictureNames, key);
  return found == kPictureNames.end() ? std::string_view() : *found;
}

/// The field of Parameters that a name means; "size" for both sides, empty when there is none.
std::string_view field_named(std::string_view name) {
  const AxisKind* kind = axis_named(name);
  if (kind == nullptr) return picture_named(name);
  return is_parameter(*kind) ? kind->field : std::string_view();
}

std::vector<std::string> parameter_names() {
  std::vector<std::string> names;
  for (const AxisKind& kind : axis_kinds()) {
    if (is_parameter(kind)) names.emplace_back(kind.field);
  }
  names.insert(names.end(), kPictureNames.begin(), kPictureNames.end());
  return names;
}

std::string unknown_name(std::string_view name, const std::vector<std::string>& known,
                         std::string_view what) {
  const auto meant = nearest(name, known);
  return fmt::format("{} is not {}. {}There are {}.", in_quotes(name), what,
                     meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "",
                     fmt::join(known, ", "));
}

/// Sets the field of Parameters that has the name of an axis, as each but "size" has. What is wrong
/// with the text, as the end of a sentence, or nothing.
std::optional<std::string> set_field(v1::Parameters& parameters, const AxisKind& kind,
                                     std::string_view text) {
  const FieldDescriptor* field =
      v1::Parameters::descriptor()->FindFieldByName(std::string(kind.field));
  FURROW_CHECK(field != nullptr, "every parameter has a field");
  const auto& reflection = *v1::Parameters::GetReflection();
  std::int64_t integer = 0;
  double number = 0;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    reflection.SetString(&parameters, field, std::string(text));
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    const OptionName* truth = find_option(kind.options(), text);
    if (truth == nullptr) return explain_unknown_option(kind.options(), text);
    reflection.SetBool(&parameters, field, truth->number != 0);
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    if (!read_number(text, integer)) return "is not a whole number.";
    reflection.SetInt64(&parameters, field, integer);
  } else {
    if (!read_number(text, number) || !std::isfinite(number)) return "is not a number.";
    reflection.SetDouble(&parameters, field, number);
  }
  return std::nullopt;
}

/// Turns a tree into a JobSpec and notes every fault on the way.
class SpecReader {
 public:
  Result<v1::JobSpec> read(const SpecNode& root) && {
    if (root.kind != SpecNode::Kind::Map) {
      add_fault(root.line, "a sweep is a map of name, params and axes.");
    }
    each_key(root, {"name", "owner", "priority", "params", "axes"},
             [&](const SpecEntry& entry) { read_top(entry); });
    if (faults_.empty()) return std::move(spec_);
    return fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(faults_, "\n")));
  }

 private:
  void read_top(const SpecEntry& entry) {
    if (entry.key == "params") return read_params(entry.value);
    if (entry.key == "axes") return read_axes(entry.value);
    if (!expect_scalar(entry)) return;
    std::int32_t priority = 0;
    if (entry.key == "name") {
      spec_.set_name(entry.value.scalar);
    } else if (entry.key == "owner") {
      spec_.set_owner(entry.value.scalar);
    } else if (read_number(entry.value.scalar, priority)) {
      spec_.set_priority(priority);
    } else {
      add_fault(entry.line,
                fmt::format("priority: {} is not a whole number.", in_quotes(entry.value.scalar)));
    }
  }

  void read_params(const SpecNode& params) {
    if (params.kind == SpecNode::Kind::Null) return;
    if (params.kind != SpecNode::Kind::Map) {
      return add_fault(params.line, "params is a map, as in params: {steps: 20}.");
    }
    std::set<std::string_view> seen;
    for (const SpecEntry& entry : params.entries) {
      const std::string_view field = field_named(entry.key);
      if (!field.empty() && !seen.insert(field).second) {
        add_fault(entry.line, fmt::format("{} is set twice.", field));
        continue;
      }
      if (!field.empty() && !expect_scalar(entry)) continue;
      const auto set = set_parameter(*spec_.mutable_base(), entry.key, entry.value.scalar);
      if (!set) add_fault(entry.line, set.error().message);
    }
    const bool size_twice =
        seen.contains("size") && (seen.contains("width") || seen.contains("height"));
    if (size_twice) add_fault(params.line, "size sets width and height; leave those two out.");
  }

  void read_axes(const SpecNode& axes) {
    switch (axes.kind) {
      case SpecNode::Kind::Null:
        return;
      case SpecNode::Kind::Scalar:
        return add_fault(axes.line, "axes is a list, as in axes: [{axis: Seed, values: 1-4}].");
      case SpecNode::Kind::List:
        for (const SpecNode& item : axes.items) read_axis_item(item);
        return;
      case SpecNode::Kind::Map:
        for (const SpecEntry& entry : axes.entries) read_short_axis(entry);
        return;
    }
  }

  /// {axis: Seed, values: 1-4, role: x} or {Seed: 1-4}.
  void read_axis_item(const SpecNode& item) {
    if (item.kind != SpecNode::Kind::Map || item.entries.empty()) {
      return add_fault(item.line, "an axis is a map, as in {axis: Seed, values: 1-4}.");
    }
    const bool is_long = std::ranges::any_of(item.entries, [](const SpecEntry& entry) {
      return entry.key == "axis" || entry.key == "label";
    });
    if (!is_long && item.entries.size() == 1) return read_short_axis(item.entries.front());
    read_long_axis(item, "", {"axis", "label", "values", "role"});
  }

  /// "Seed: 1-4", or "Seed: {values: 1-4, role: x}".
  void read_short_axis(const SpecEntry& entry) {
    if (entry.value.kind == SpecNode::Kind::Map) {
      return read_long_axis(entry.value, entry.key, {"values", "role"});
    }
    v1::AxisSpec& axis = *spec_.add_axes();
    axis.set_label(entry.key);
    read_values(entry.value, axis);
  }

  void read_long_axis(const SpecNode& map, const std::string& label,
                      const std::vector<std::string>& keys) {
    v1::AxisSpec& axis = *spec_.add_axes();
    axis.set_label(label);
    bool has_values = false;
    each_key(map, keys, [&](const SpecEntry& entry) {
      if (entry.key == "values") {
        has_values = true;
        read_values(entry.value, axis);
      } else if (!expect_scalar(entry)) {
        return;
      } else if (entry.key == "role") {
        read_role(entry, axis);
      } else if (axis.label().empty()) {
        axis.set_label(entry.value.scalar);
      } else {
        add_fault(entry.line, "the axis is named twice, by axis and by label.");
      }
    });
    if (axis.label().empty()) add_fault(map.line, "this axis has no name. Add axis: NAME.");
    if (!has_values) add_fault(map.line, "this axis has no values. Add values: 1-4.");
  }

  void read_values(const SpecNode& values, v1::AxisSpec& axis) {
    if (values.kind == SpecNode::Kind::Scalar) {
      axis.set_text(values.scalar);
    } else if (values.kind == SpecNode::Kind::List) {
      for (const SpecNode& value : values.items) {
        const bool is_text =
            value.kind == SpecNode::Kind::Scalar || value.kind == SpecNode::Kind::Null;
        if (!is_text) add_fault(value.line, "a value of an axis is a text or a number.");
        axis.add_list(value.scalar);
      }
    } else if (values.kind == SpecNode::Kind::Map) {
      add_fault(values.line, "the values of an axis are a text or a list.");
    }
  }

  void read_role(const SpecEntry& entry, v1::AxisSpec& axis) {
    const std::string role = to_lower(entry.value.scalar);
    if (role == "x") {
      axis.set_role(v1::AXIS_ROLE_X);
    } else if (role == "y") {
      axis.set_role(v1::AXIS_ROLE_Y);
    } else if (role == "z") {
      axis.set_role(v1::AXIS_ROLE_Z);
    } else {
      add_fault(entry.line,
                fmt::format("role: {} is none of x, y, z.", in_quotes(entry.value.scalar)));
    }
  }

  /// Calls `read` for each entry whose key is one of `keys`; others, and a second one, are faults.
  template <typename Read>
  void each_key(const SpecNode& map, const std::vector<std::string>& keys, Read read) {
    std::set<std::string_view> seen;
    for (const SpecEntry& entry : map.entries) {
      if (std::ranges::find(keys, entry.key) == keys.end()) {
        add_fault(entry.line, unknown_name(entry.key, keys, "a key here"));
      } else if (!seen.insert(entry.key).second) {
        add_fault(entry.line, fmt::format("{} is set twice.", entry.key));
      } else {
        read(entry);
      }
    }
  }

  /// An empty value is an empty text.
  bool expect_scalar(const SpecEntry& entry) {
    const auto kind = entry.value.kind;
    if (kind == SpecNode::Kind::Scalar || kind == SpecNode::Kind::Null) return true;
    add_fault(entry.line, fmt::format("{} is a single value, not a list or a map.", entry.key));
    return false;
  }

  void add_fault(int line, std::string_view what) {
    faults_.push_back(fmt::format("Line {}: {}", line, what));
  }

  v1::JobSpec spec_;
  std::vector<std::string> faults_;
};

}  // namespace

Result<v1::JobSpec> read_spec(std::string_view text, SpecFormat format) {
  FURROW_TRY(const SpecNode root, parse_spec_tree(text, format));
  return SpecReader().read(root);
}

Result<v1::AxisSpec> parse_axis_flag(std::string_view text, v1::AxisRole role) {
  const auto colon = text.find(':');
  if (!is_valid_utf8(text)) {
    return fail(ErrorKind::Invalid, fmt::format("{} is not valid UTF-8.", in_quotes(text)));
  }
  if (colon == std::string_view::npos || trim(text.substr(0, colon)).empty()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is not an axis. Write a label, a colon and the values, as in "
                            "\"CFG scale: 1-9 (+2)\".",
                            in_quotes(text)));
  }
  v1::AxisSpec axis;
  axis.set_label(std::string(trim(text.substr(0, colon))));
  axis.set_text(std::string(trim(text.substr(colon + 1))));
  axis.set_role(role);
  return axis;
}

Result<void> set_parameter(v1::Parameters& parameters, std::string_view name,
                           std::string_view text) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorKind::Invalid, fmt::format("{}: {} {}", name, in_quotes(text), what));
  };
  const std::string_view field_name = field_named(name);
  if (field_name.empty()) {
    return fail(ErrorKind::Invalid, unknown_name(name, parameter_names(), "a parameter"));
  }
  if (!is_valid_utf8(text)) return refuse("is not valid UTF-8.");
  if (!picture_named(field_name).empty()) {
    if (trim(text).empty()) return refuse("names no file.");
    v1::PictureRef& picture =
        field_name == "mask" ? *parameters.mutable_mask() : *parameters.mutable_init_image();
    picture.set_name(std::string(trim(text)));
    return {};
  }
  const AxisKind* kind = axis_of_field(field_name);
  if (kind->type == AxisType::Size) {
    const auto size = parse_size(text);
    if (!size) return refuse(size.error().message);
    parameters.set_width(size->width());
    parameters.set_height(size->height());
    return {};
  }
  if (const auto what = set_field(parameters, *kind, text)) return refuse(*what);
  return {};
}

}  // namespace furrow::spec
