#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"

namespace furrow::cli {

/// The flags that every command takes, before the command or after it.
std::span<const Flag> common_flags();

/// What the words after "furrow" ask for.
struct Invocation {
  const Command* command = nullptr;  ///< nothing: general help is asked for
  bool help = false;
  Arguments arguments;
};

/// Finds the command in `table` and reads its flags and operands (`words` are without the program's
/// name). Errors: Invalid with what is wrong, the nearest right word, and where help is.
Result<Invocation> read_command_line(std::span<const Command> table,
                                     const std::vector<std::string>& words);

/// The overview of all commands, and the page of one, with lines of at most `width` columns.
std::string general_help(std::span<const Command> table, int width);
std::string command_help(const Command& command, int width);

}  // namespace furrow::cli
