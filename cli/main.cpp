// furrow: the command line of the farm.
#include <clocale>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/commands/entries.h"
#include "cli/output/text.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

/// The word that the completion scripts call: not for people, so in no table.
constexpr const char* kCompleteWord = "__complete";

/// Every fault on a line of its own; indented lines belong to the one above.
int complain(const Error& error, Console& console) {
  // An interruption is what was asked for and no fault.
  const bool is_fault = error.kind != ErrorKind::Cancelled;
  std::istringstream lines(printable(error.message, Lines::Keep));
  for (std::string line; std::getline(lines, line);) {
    console.err << (is_fault && !line.starts_with(' ') ? "error: " : "") << line << '\n';
  }
  return config::exit_code(error.kind);
}

Result<ExitCode> run_words(const std::vector<std::string>& words, Console& console) {
  if (!words.empty() && words.front() == kCompleteWord) {
    Arguments typed;
    for (std::size_t i = 1; i < words.size(); ++i) typed.add_operand(words[i]);
    return run_complete(typed, console);
  }
  FURROW_TRY(const Invocation asked, read_command_line(command_table(), words));
  const int width = console.out_terminal.width;
  if (asked.command == nullptr) {
    (asked.help ? console.out : console.err) << general_help(command_table(), width);
    return asked.help ? config::kExitOk : config::kExitUsage;
  }
  if (asked.help) {
    console.out << command_help(*asked.command, width);
    return config::kExitOk;
  }
  return asked.command->run(asked.arguments, console);
}

int run(int count, char** arguments) {
  std::setlocale(LC_CTYPE, "");
  std::ios::sync_with_stdio(false);
  Console console{std::cout, std::cerr, describe_terminal(STDOUT_FILENO),
                  describe_terminal(STDERR_FILENO)};
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const auto code = run_words(words, console);
  const int ended = code ? *code : complain(code.error(), console);
  if (!std::cout.flush()) {
    return complain({ErrorKind::Io, "The output could not be written. Is the disk full?"}, console);
  }
  return ended;
}

}  // namespace

}  // namespace furrow::cli

int main(int count, char** arguments) {
  return furrow::cli::run(count, arguments);
}
