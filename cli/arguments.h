#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::cli {

/// What was given to a command: flags with their values, and operands, all known to its table.
class Arguments {
 public:
  Arguments() = default;

  void add_flag(std::string name, std::string value) {
    flags_[std::move(name)].push_back(std::move(value));
  }

  void add_operand(std::string operand) { operands_.push_back(std::move(operand)); }

  bool has(std::string_view flag) const { return flags_.find(flag) != flags_.end(); }

  /// The value of a flag, or nothing when it is not given.
  std::optional<std::string> text(std::string_view flag) const;
  /// All values of a flag that repeats, in their order.
  std::vector<std::string> texts(std::string_view flag) const;
  std::optional<std::filesystem::path> path(std::string_view flag) const;
  /// Errors: Invalid, naming the flag, what was given and the range.
  Result<std::optional<std::int64_t>> integer(
      std::string_view flag, std::int64_t least,
      std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  Result<std::optional<double>> number(std::string_view flag) const;

  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> flags_;
  std::vector<std::string> operands_;
};

}  // namespace furrow::cli
