#include "cli/command_line.h"

#include <algorithm>
#include <optional>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "common/spec/sampler_names.h"

namespace furrow::cli {

namespace {

namespace po = boost::program_options;

constexpr Flag kCommonFlags[] = {
    {"data", "DIR", "data folder (FURROW_DATA; default $XDG_DATA_HOME/furrow)", ValueKind::Folder},
    {"coordinator", "ADDRESS", "host, host:port or tcp://host:port (FURROW_COORDINATOR)",
     ValueKind::Text},
    {"help", "", "show this and exit", ValueKind::None, 'h'},
};

Unexpected usage_error(const Command& command, const std::string& what) {
  return fail(ErrorKind::Invalid, fmt::format("{} See: furrow {} --help", what, command.name));
}

std::string did_you_mean(const std::optional<std::string>& nearest) {
  return nearest ? fmt::format(" Did you mean \"{}\"?", *nearest) : "";
}

std::vector<Flag> all_flags(const Command& command) {
  std::vector<Flag> flags(command.flags.begin(), command.flags.end());
  flags.insert(flags.end(), std::begin(kCommonFlags), std::end(kCommonFlags));
  return flags;
}

po::options_description described(const std::vector<Flag>& flags) {
  po::options_description options;
  for (const Flag& flag : flags) {
    std::string names(flag.name);
    if (flag.letter != 0) names += fmt::format(",{}", flag.letter);
    if (flag.value.empty()) {
      options.add_options()(names.c_str(), "");
    } else {
      options.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
    }
  }
  return options;
}

/// "-o" or "--output" as the caller typed it, without a value behind it.
std::string nearest_flag(std::string_view typed, const std::vector<Flag>& flags) {
  std::vector<std::string> names;
  for (const Flag& flag : flags) names.push_back(fmt::format("--{}", flag.name));
  return did_you_mean(spec::nearest(typed.substr(0, typed.find('=')), names));
}

/// How many words before the command are common flags with their values.
std::size_t leading_flags(const std::vector<std::string>& words) {
  std::size_t at = 0;
  while (at < words.size() && words[at].starts_with("-") && words[at].size() > 1) {
    const bool takes_next = words[at] == "--data" || words[at] == "--coordinator";
    at += takes_next ? 2 : 1;
  }
  return std::min(at, words.size());
}

const Command* find_command(std::span<const Command> table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == table.end() ? nullptr : &*found;
}

/// The second words that may stand behind `noun`: "list", "show", …
std::vector<std::string> verbs_of(std::span<const Command> table, std::string_view noun) {
  std::vector<std::string> verbs;
  for (const Command& command : table) {
    const auto space = command.name.find(' ');
    if (space != std::string_view::npos && command.name.substr(0, space) == noun) {
      verbs.emplace_back(command.name.substr(space + 1));
    }
  }
  return verbs;
}

Unexpected unknown_command(std::span<const Command> table, const std::string& word) {
  std::vector<std::string> known;
  for (const Command& command : table) {
    std::string noun(command.name.substr(0, command.name.find(' ')));
    if (known.empty() || known.back() != noun) known.push_back(std::move(noun));
  }
  return fail(ErrorKind::Invalid,
              fmt::format("\"{}\" is not a furrow command.{} See: furrow --help", word,
                          did_you_mean(spec::nearest(word, known))));
}

Unexpected unknown_verb(std::span<const Command> table, const std::string& noun,
                        const std::string* verb) {
  const auto verbs = verbs_of(table, noun);
  const std::string choices = fmt::format("{}", fmt::join(verbs, ", "));
  if (verb == nullptr) {
    return fail(ErrorKind::Invalid,
                fmt::format("furrow {} needs a second word, one of: {}. See: furrow --help", noun,
                            choices));
  }
  return fail(ErrorKind::Invalid,
              fmt::format("\"furrow {} {}\" is not a command.{} There are: {}.", noun, *verb,
                          did_you_mean(spec::nearest(*verb, verbs)), choices));
}

Result<Arguments> read_arguments(const Command& command, const std::vector<std::string>& words) {
  const auto flags = all_flags(command);
  const auto options = described(flags);
  Arguments arguments;
  try {
    const auto style = po::command_line_style::unix_style ^ po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(words).options(options).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0 || option.string_key.empty()) {
        for (const std::string& operand : option.value) arguments.add_operand(operand);
        continue;
      }
      const auto known = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) {
        return flag.name == option.string_key;
      });
      if (arguments.has(option.string_key) && !known->repeats && !known->value.empty()) {
        return usage_error(command, fmt::format("--{} is given twice.", option.string_key));
      }
      arguments.add_flag(option.string_key, option.value.empty() ? "" : option.value.front());
    }
  } catch (const po::unknown_option& error) {
    const std::string typed = error.get_option_name();
    return usage_error(command, fmt::format("furrow {} has no flag {}.{}", command.name, typed,
                                            nearest_flag(typed, flags)));
  } catch (const po::error_with_option_name& error) {
    // Only a value that is missing, or one behind a switch, gets here.
    const std::string name = error.get_option_name();
    const auto is_switch = [&](const Flag& flag) {
      return flag.value.empty() && fmt::format("--{}", flag.name) == name;
    };
    const bool takes_none = std::any_of(flags.begin(), flags.end(), is_switch);
    return usage_error(command, takes_none ? fmt::format("{} takes no value.", name)
                                           : fmt::format("{} needs a value behind it.", name));
  } catch (const po::error& error) {
    return usage_error(command, fmt::format("The flags cannot be read: {}.", error.what()));
  }
  return arguments;
}

Result<void> check_operands(const Command& command, const Arguments& arguments) {
  const auto count = static_cast<int>(arguments.operands().size());
  const Operand& operand = command.operand;
  if (count < operand.least) {
    const char* meaning =
        operand.kind == ValueKind::Job ? " (a job's id, its name, or \"last\")" : "";
    return usage_error(command,
                       fmt::format("furrow {} needs {}{}.", command.name, operand.name, meaning));
  }
  if (count > operand.most) {
    const std::string& extra = arguments.operands()[static_cast<std::size_t>(operand.most)];
    return usage_error(command, fmt::format("furrow {} does not know what to do with \"{}\".",
                                            command.name, extra));
  }
  return {};
}

}  // namespace

std::span<const Flag> common_flags() {
  return kCommonFlags;
}

Result<Invocation> read_command_line(std::span<const Command> table,
                                     const std::vector<std::string>& words) {
  const std::size_t start = leading_flags(words);
  std::vector<std::string> rest(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(start));
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (start == words.size()) {
    const bool only_help = std::all_of(rest.begin(), rest.end(), asks_help);
    if (only_help) return Invocation{nullptr, !rest.empty(), {}};
    if (rest.front() == "--version" && rest.size() == 1) {
      return Invocation{find_command(table, "version"), false, {}};
    }
    if (std::any_of(rest.begin(), rest.end(), asks_help)) return Invocation{nullptr, true, {}};
    return fail(ErrorKind::Invalid,
                fmt::format("There is no command behind {}. See: furrow --help", rest.front()));
  }

  const std::string& noun = words[start];
  std::size_t after = start + 1;
  const Command* command = find_command(table, noun);
  if (command == nullptr && after < words.size() && !words[after].starts_with("-")) {
    command = find_command(table, noun + " " + words[after]);
    if (command != nullptr) ++after;
  }
  if (command == nullptr) {
    if (verbs_of(table, noun).empty()) return unknown_command(table, noun);
    const bool help = after < words.size() && asks_help(words[after]);
    if (help) return Invocation{nullptr, true, {}};
    const bool has_verb = after < words.size() && !words[after].starts_with("-");
    return unknown_verb(table, noun, has_verb ? &words[after] : nullptr);
  }

  rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(after), words.end());
  const auto terminator = std::find(rest.begin(), rest.end(), "--");
  const bool only_help = std::any_of(rest.begin(), terminator, asks_help);
  if (only_help) return Invocation{command, true, {}};
  FURROW_TRY(Arguments arguments, read_arguments(*command, rest));
  FURROW_TRY_VOID(check_operands(*command, arguments));
  return Invocation{command, false, std::move(arguments)};
}

}  // namespace furrow::cli
