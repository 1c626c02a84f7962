#include "worker/engine/nn/config_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace furrow::engine::nn {

using nlohmann::json;

ConfigReader::ConfigReader(const json& config) : config_(config) {
  if (!config_.is_object()) {
    add_broken("it is not a JSON object");
    config_ = json::object();
  }
}

std::int64_t ConfigReader::integer(std::string_view key, std::int64_t otherwise,
                                   std::int64_t at_least) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer() || value->get<std::int64_t>() < at_least) {
    add_wrong_type(key, fmt::format("a whole number from {} up", at_least), *value);
    return otherwise;
  }
  return value->get<std::int64_t>();
}

double ConfigReader::number(std::string_view key, double otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) {
    add_wrong_type(key, "a number", *value);
    return otherwise;
  }
  return value->get<double>();
}

bool ConfigReader::flag(std::string_view key, bool otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    add_wrong_type(key, "true or false", *value);
    return otherwise;
  }
  return value->get<bool>();
}

std::string ConfigReader::text(std::string_view key, std::string otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) {
    add_wrong_type(key, "a name", *value);
    return otherwise;
  }
  return value->get<std::string>();
}

Activation ConfigReader::activation(std::string_view key, Activation otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  const auto found =
      value->is_string() ? find_activation(value->get_ref<const std::string&>()) : std::nullopt;
  if (!found) add_unsupported(key, *value);
  return found.value_or(otherwise);
}

std::int64_t ConfigReader::optional_integer(std::string_view key, std::int64_t otherwise) {
  if (is_given(key)) return integer(key, otherwise);
  ignore(key);
  return otherwise;
}

double ConfigReader::optional_number(std::string_view key, double otherwise) {
  if (is_given(key)) return number(key, otherwise);
  ignore(key);
  return otherwise;
}

std::vector<std::int64_t> ConfigReader::integers(std::string_view key,
                                                 std::vector<std::int64_t> otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  const auto is_size = [](const json& item) {
    return item.is_number_integer() && item.get<std::int64_t>() >= 1;
  };
  if (!value->is_array() || value->empty() || !std::all_of(value->begin(), value->end(), is_size)) {
    add_wrong_type(key, "a list of whole numbers from 1 up", *value);
    return otherwise;
  }
  return value->get<std::vector<std::int64_t>>();
}

std::vector<std::string> ConfigReader::texts(std::string_view key,
                                             std::vector<std::string> otherwise) {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  const auto is_text = [](const json& item) { return item.is_string(); };
  if (!value->is_array() || value->empty() || !std::all_of(value->begin(), value->end(), is_text)) {
    add_wrong_type(key, "a list of names", *value);
    return otherwise;
  }
  return value->get<std::vector<std::string>>();
}

std::vector<bool> ConfigReader::choices(std::string_view key, std::vector<std::string> otherwise,
                                        std::string_view no, std::string_view yes) {
  std::vector<bool> chosen;
  for (const auto& name : texts(key, std::move(otherwise))) {
    if (name != no && name != yes) add_unsupported(key, name);
    chosen.push_back(name == yes);
  }
  return chosen;
}

std::vector<std::int64_t> ConfigReader::indexes(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return {};
  const auto is_index = [](const json& item) {
    return item.is_number_integer() && item.get<std::int64_t>() >= 0;
  };
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), is_index)) {
    add_wrong_type(key, "a list of whole numbers from 0 up", *value);
    return {};
  }
  return value->get<std::vector<std::int64_t>>();
}

std::vector<std::int64_t> ConfigReader::integers_each(std::string_view key, std::int64_t otherwise,
                                                      std::size_t count) {
  const auto* value = find(key);
  if (value == nullptr || !value->is_array()) {
    return std::vector<std::int64_t>(count, integer(key, otherwise));
  }
  auto values = integers(key, {});
  if (values.size() == count) return values;
  add_wrong_type(key, fmt::format("a whole number or a list of {}", count), *value);
  return std::vector<std::int64_t>(count, otherwise);
}

std::vector<bool> ConfigReader::flags_each(std::string_view key, bool otherwise,
                                           std::size_t count) {
  const auto* value = find(key);
  if (value == nullptr || !value->is_array()) {
    return std::vector<bool>(count, flag(key, otherwise));
  }
  const auto is_flag = [](const json& item) { return item.is_boolean(); };
  if (value->size() == count && std::all_of(value->begin(), value->end(), is_flag)) {
    return value->get<std::vector<bool>>();
  }
  add_wrong_type(key, fmt::format("true, false or a list of {} of them", count), *value);
  return std::vector<bool>(count, otherwise);
}

std::vector<std::vector<std::int64_t>> ConfigReader::integer_lists(
    std::string_view key, std::int64_t otherwise, const std::vector<std::size_t>& counts) {
  std::vector<std::vector<std::int64_t>> lists;
  for (const auto count : counts) lists.emplace_back(count, otherwise);
  const auto* value = find(key);
  if (value == nullptr) return lists;

  const auto is_depth = [](const json& item) {
    return item.is_number_integer() && item.get<std::int64_t>() >= 0;
  };
  bool is_sound = is_depth(*value) || (value->is_array() && value->size() == counts.size());
  for (std::size_t i = 0; is_sound && i < counts.size(); ++i) {
    const json& entry = value->is_array() ? (*value)[i] : *value;
    if (is_depth(entry)) {
      lists[i].assign(counts[i], entry.get<std::int64_t>());
    } else if (entry.is_array() && entry.size() == counts[i] &&
               std::all_of(entry.begin(), entry.end(), is_depth)) {
      lists[i] = entry.get<std::vector<std::int64_t>>();
    } else {
      is_sound = false;
    }
  }
  if (!is_sound) {
    add_wrong_type(key,
                   fmt::format("a whole number, or a list of {} numbers or lists that have {} "
                               "entries",
                               counts.size(), fmt::join(counts, ", ")),
                   *value);
  }
  return lists;
}

void ConfigReader::require(std::string_view key, const json& only_value) {
  const auto* value = find(key);
  if (value != nullptr && !value->is_null() && *value != only_value) add_unsupported(key, *value);
}

bool ConfigReader::is_null(std::string_view key) const {
  const auto* value = peek(key);
  return value != nullptr && value->is_null();
}

bool ConfigReader::is_given(std::string_view key) const {
  const auto* value = peek(key);
  return value != nullptr && !value->is_null();
}

bool ConfigReader::is_integer(std::string_view key) const {
  const auto* value = peek(key);
  return value != nullptr && value->is_number_integer();
}

bool ConfigReader::is_list_of_lists(std::string_view key) const {
  const auto* value = peek(key);
  return value != nullptr && value->is_array() &&
         std::any_of(value->begin(), value->end(),
                     [](const json& item) { return item.is_array(); });
}

void ConfigReader::add_wrong_count(std::string_view key, std::size_t count,
                                   std::string_view other_key, std::size_t other_count) {
  add_broken(fmt::format("{} has {} entries and {} has {}, and they should have equally many", key,
                         count, other_key, other_count));
}

void ConfigReader::add_unsupported(std::string_view key, const json& value) {
  unsupported_.push_back(fmt::format("{} {}", key, value.dump()));
}

void ConfigReader::refuse_unknown_keys() {
  for (const auto& [key, value] : config_.items()) {
    const bool is_off = value.is_null() || value == false;
    if (known_.count(key) == 0 && key.rfind('_', 0) != 0 && !is_off) add_unsupported(key, value);
  }
}

Result<void> ConfigReader::finish() const {
  auto faults = broken_;
  for (const auto& what : unsupported_) {
    faults.push_back(fmt::format("{} is not supported by this engine", what));
  }
  if (faults.empty()) return {};
  return fail(ErrorKind::Invalid, fmt::format("{}.", fmt::join(faults, "; ")));
}

const json* ConfigReader::find(std::string_view key) {
  known_.insert(std::string(key));
  return peek(key);
}

const json* ConfigReader::peek(std::string_view key) const {
  const auto found = config_.find(std::string(key));
  return found == config_.end() ? nullptr : &*found;
}

void ConfigReader::add_wrong_type(std::string_view key, std::string_view wanted,
                                  const json& value) {
  add_broken(fmt::format("{} is {}, and should be {}", key, value.dump(), wanted));
}

}  // namespace furrow::engine::nn
