#include <algorithm>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/commands/entries.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

Result<ExitCode> run_help(const Arguments& arguments, Console& console) {
  if (arguments.operands().empty()) {
    console.out << general_help(command_table(), console.out_terminal.width);
    return config::kExitOk;
  }
  std::vector<std::string> words = arguments.operands();
  words.emplace_back("--help");
  FURROW_TRY(const Invocation asked, read_command_line(command_table(), words));
  console.out << (asked.command == nullptr
                      ? general_help(command_table(), console.out_terminal.width)
                      : command_help(*asked.command, console.out_terminal.width));
  return config::kExitOk;
}

}  // namespace furrow::cli
