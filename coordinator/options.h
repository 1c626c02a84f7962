#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/paths.h"

namespace furrow {

/// What furrow-coordinator can be told. A flag wins over its environment variable, that over the
/// config file, that over the default.
struct CoordinatorOptions {
  std::filesystem::path data;
  std::string listen = "127.0.0.1";
  /// Of clients; workers use the next one, blobs the one after. 0: three free ones.
  int port = config::kClientPort;
};

/// What the command line asks for: run, or print a text and leave.
struct CoordinatorCommand {
  CoordinatorOptions options;
  std::optional<std::string> text;  ///< of --help or --version; nothing else then counts
};

/// @param arguments without the program's name
/// @param environment the value of a variable, if it is set
/// Errors: Invalid, naming the flag, variable or file that is wrong.
Result<CoordinatorCommand> read_command_line(
    const std::vector<std::string>& arguments,
    const std::function<std::optional<std::string>(const std::string&)>& environment);

}  // namespace furrow
