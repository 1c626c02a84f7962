#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "common/base/result.h"

namespace furrow::worker {

/// What the command line and, where it is silent, the environment say: --max-batch is also
/// FURROW_MAX_BATCH. An empty variable counts as not set.
class CommandLine {
 public:
  /// Errors: Invalid, in a sentence that names the flag.
  static Result<CommandLine> parse(const std::vector<std::string>& arguments,
                                   const boost::program_options::options_description& flags);

  bool has(const std::string& flag) const { return values_.count(flag) > 0; }

  std::optional<std::string> text(const std::string& flag) const;
  /// Of a flag that may be repeated.
  std::vector<std::string> texts(const std::string& flag) const;
  /// The text, or an Invalid error that says that it is missing.
  Result<std::string> required(const std::string& flag) const;
  /// Errors: Invalid, it is no whole number from 1 to `most`.
  Result<std::optional<std::uint32_t>> number(const std::string& flag, std::uint32_t most) const;

 private:
  boost::program_options::variables_map values_;
};

}  // namespace furrow::worker
