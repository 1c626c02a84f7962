#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// Reads a network's config.json key by key and keeps account, so that every key that cannot be
/// used is told at once and none is passed over in silence. A missing key takes the default given.
///
/// Two kinds of faults: a value that is *broken* (of a wrong type, out of range, contradictory) and
/// one that is *unsupported* (sound, and asks for a network that we do not have).
class ConfigReader {
 public:
  explicit ConfigReader(const nlohmann::json& config);

  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t at_least = 1);
  double number(std::string_view key, double otherwise);
  bool flag(std::string_view key, bool otherwise);
  std::string text(std::string_view key, std::string otherwise);
  Activation activation(std::string_view key, Activation otherwise);

  /// The same where null means that it is left out.
  std::int64_t optional_integer(std::string_view key, std::int64_t otherwise);
  double optional_number(std::string_view key, double otherwise);

  /// A list of at least one.
  std::vector<std::int64_t> integers(std::string_view key, std::vector<std::int64_t> otherwise);
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> otherwise);

  /// A list of names, each `no` or `yes`, and anything else unsupported; gives which are `yes`.
  std::vector<bool> choices(std::string_view key, std::vector<std::string> otherwise,
                            std::string_view no, std::string_view yes);

  /// A list of whole numbers from 0 up, which may be empty, and is when it is left out.
  std::vector<std::int64_t> indexes(std::string_view key);

  /// One value for each of `count`, or one for all of them.
  std::vector<std::int64_t> integers_each(std::string_view key, std::int64_t otherwise,
                                          std::size_t count);
  std::vector<bool> flags_each(std::string_view key, bool otherwise, std::size_t count);

  /// counts[i] values for each i: each from 0 up, or one for all of an i, or one for all.
  std::vector<std::vector<std::int64_t>> integer_lists(std::string_view key, std::int64_t otherwise,
                                                       const std::vector<std::size_t>& counts);

  /// The key is absent, null, or this value; anything else is unsupported.
  void require(std::string_view key, const nlohmann::json& only_value);

  /// The key is absent or null.
  void require_none(std::string_view key) { require(key, nullptr); }

  /// The key changes nothing that we compute.
  void ignore(std::string_view key) { known_.insert(std::string(key)); }

  bool is_null(std::string_view key) const;
  bool is_given(std::string_view key) const;  ///< present and not null
  bool is_integer(std::string_view key) const;
  bool is_list_of_lists(std::string_view key) const;

  void add_broken(std::string_view fault) { broken_.emplace_back(fault); }

  /// Two lists that should have equally many entries, and have not.
  void add_wrong_count(std::string_view key, std::size_t count, std::string_view other_key,
                       std::size_t other_count);

  void add_unsupported(std::string_view key, const nlohmann::json& value);

  /// Takes every key that nobody asked for as unsupported, unless it begins with "_" or is null or
  /// false.
  void refuse_unknown_keys();

  const std::vector<std::string>& unsupported() const { return unsupported_; }

  /// Errors: Invalid, a line a fault.
  Result<void> finish() const;

 private:
  // Nothing: absent.
  const nlohmann::json* find(std::string_view key);
  const nlohmann::json* peek(std::string_view key) const;
  void add_wrong_type(std::string_view key, std::string_view wanted, const nlohmann::json& value);

  nlohmann::json config_;
  std::set<std::string> known_;
  std::vector<std::string> broken_;
  std::vector<std::string> unsupported_;
};

}  // namespace furrow::engine::nn
