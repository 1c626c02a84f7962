// The texts of `furrow --help` and `furrow COMMAND --help`, made from the table of commands.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/output/text.h"

namespace furrow::cli {

namespace {

constexpr int kNarrowest = 40;
constexpr int kWidest = 100;
constexpr std::size_t kIndent = 2;

/// `text` broken at spaces into lines of at most `width` columns.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    std::string& line = lines.back();
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines.emplace_back(word);
    } else {
      line.append(line.empty() ? "" : " ").append(word);
    }
    at = end + 1;
  }
  return lines;
}

struct Entry {
  std::string left;
  std::string right;
};

std::size_t width_of_left(const std::vector<Entry>& entries) {
  std::size_t left = 0;
  for (const Entry& entry : entries) left = std::max(left, display_width(entry.left));
  return left;
}

/// Two columns, the right one wrapped beside the left, which is `left` wide.
std::string two_columns(const std::vector<Entry>& entries, std::size_t left, int width) {
  const std::size_t indent = kIndent + left + 2;
  const auto total = static_cast<std::size_t>(std::clamp(width, kNarrowest, kWidest));
  const std::size_t right = std::max<std::size_t>(20, total - std::min(total, indent));
  std::string text;
  for (const Entry& entry : entries) {
    text += std::string(kIndent, ' ') + pad_to(entry.left, left) + "  ";
    const auto lines = wrapped(entry.right, right);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text += (i == 0 ? "" : std::string(indent, ' ')) + lines[i] + "\n";
    }
  }
  return text;
}

Entry flag_entry(const Flag& flag) {
  std::string left = flag.letter == 0 ? "    " : fmt::format("-{}, ", flag.letter);
  left += fmt::format("--{}", flag.name);
  if (!flag.value.empty()) left += fmt::format(" {}", flag.value);
  return {std::move(left), std::string(flag.help)};
}

/// Flags that follow each other and belong together.
struct FlagGroup {
  std::string_view heading;
  std::vector<Entry> entries;
};

/// The flags of a command in groups; those of every command stand in the last one.
std::vector<FlagGroup> groups_of(const Command& command) {
  std::vector<FlagGroup> groups(1);
  for (const Flag& flag : command.flags) {
    if (flag.group != groups.back().heading) groups.push_back({flag.group, {}});
    groups.back().entries.push_back(flag_entry(flag));
  }
  for (const Flag& flag : common_flags()) groups.back().entries.push_back(flag_entry(flag));
  return groups;
}

std::string flags_text(const std::vector<FlagGroup>& groups, int width) {
  std::size_t left = 0;
  for (const FlagGroup& group : groups) left = std::max(left, width_of_left(group.entries));
  std::string text;
  for (const FlagGroup& group : groups) {
    if (!group.heading.empty()) text += fmt::format("\n{}:\n", group.heading);
    text += two_columns(group.entries, left, width);
  }
  return text;
}

std::string operand_text(const Operand& operand) {
  if (operand.most == 0) return "";
  std::string text(operand.name);
  if (operand.most == kAnyNumber) text += "…";
  return operand.least == 0 ? " [" + text + "]" : " " + text;
}

}  // namespace

std::string general_help(std::span<const Command> table, int width) {
  std::vector<Entry> entries;
  for (const Command& command : table) {
    entries.push_back({fmt::format("{}{}", command.name, operand_text(command.operand)),
                       std::string(command.summary)});
  }
  return fmt::format(
      "furrow: a render farm for sweeps of diffusion images\n\n"
      "usage: furrow COMMAND [FLAGS]\n\n{}\n"
      "J is a job's id, its name, or \"last\". Data goes to stdout, talk to stderr; every reading\n"
      "command takes --json. More about one: furrow COMMAND --help\n\n"
      "Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not allowed, 5 no coordinator answers,\n"
      "6 timeout, 7 conflict, 8 the job failed, 9 it was cancelled, 10 infeasible, "
      "130 interrupted.\n",
      two_columns(entries, width_of_left(entries), width));
}

std::string command_help(const Command& command, int width) {
  std::string text = fmt::format("furrow {}: {}\n\nusage: furrow {}{} [FLAGS]\n\n", command.name,
                                 command.summary, command.name, operand_text(command.operand));
  text += flags_text(groups_of(command), width);
  if (!command.notes.empty()) text += fmt::format("\n{}\n", command.notes);
  return text;
}

}  // namespace furrow::cli
