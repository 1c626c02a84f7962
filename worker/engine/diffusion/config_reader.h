#pragma once

#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace furrow::engine::diffusion {

template <typename Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

/// Takes values out of one JSON object and remembers the first fault. Absent and null keys leave
/// the value as it is.
class ConfigReader {
 public:
  explicit ConfigReader(const nlohmann::json& object) : object_(object) {}

  /// The value of `key`, or nothing when it is absent or null.
  const nlohmann::json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void read(const char* key, bool& value) {
    if (const auto* found = find(key)) {
      if (!found->is_boolean()) return complain(key, *found, "true or false is expected");
      value = found->get<bool>();
    }
  }

  void read(const char* key, int& value) {
    const auto* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number_integer()) return complain(key, *found, "a whole number is expected");
    const auto number = found->get<double>();
    if (std::abs(number) > std::numeric_limits<int>::max())
      return complain(key, *found, "a smaller number is expected");
    value = static_cast<int>(number);
  }

  void read(const char* key, double& value) {
    const auto* found = find(key);
    if (found == nullptr) return;
    if (found->is_number()) {
      value = found->get<double>();
    } else if (*found == "inf" || *found == "-inf") {
      const double infinity = std::numeric_limits<double>::infinity();
      value = *found == "inf" ? infinity : -infinity;
    } else {
      complain(key, *found, "a number is expected");
    }
  }

  void read(const char* key, std::optional<double>& value) {
    if (find(key) == nullptr) return;
    double number = 0;
    read(key, number);
    value = number;
  }

  template <typename Number>
  void read(const char* key, std::vector<Number>& values) {
    const auto* found = find(key);
    if (found == nullptr) return;
    if (!found->is_array()) return complain(key, *found, "a list of numbers is expected");
    values.clear();
    for (const auto& element : *found) {
      if (!element.is_number()) return complain(key, element, "a list of numbers is expected");
      values.push_back(element.get<Number>());
    }
  }

  template <typename Value>
  void read(const char* key, Value& value, Names<Value> names) {
    const auto* found = find(key);
    if (found == nullptr) return;
    std::string known;
    for (const auto& [name, meaning] : names) {
      if (*found == name) {
        value = meaning;
        return;
      }
      known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    }
    complain(key, *found, "known are " + known);
  }

  bool is_true(const char* key) const {
    const auto* found = find(key);
    return found != nullptr && *found == true;
  }

  void complain(const char* key, const nlohmann::json& value, std::string_view why) {
    if (fault_) return;
    fault_ = fmt::format("the scheduler's config has {} = {}; {}", key, value.dump(), why);
  }

  const std::optional<std::string>& fault() const { return fault_; }

 private:
  const nlohmann::json& object_;
  std::optional<std::string> fault_;
};

}  // namespace furrow::engine::diffusion
