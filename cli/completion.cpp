#include "cli/completion.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "common/spec/sampler_names.h"

namespace furrow::cli {

namespace {

/// The command that the words name, and how many of them; nothing while it is being typed.
struct FoundCommand {
  const Command* command = nullptr;
  std::size_t words = 0;
};

FoundCommand find_command(std::span<const Command> table, const std::vector<std::string>& before) {
  for (const Command& command : table) {
    const auto space = command.name.find(' ');
    const bool two = space != std::string_view::npos;
    if (before.empty() || before[0] != command.name.substr(0, space)) continue;
    if (!two) return {&command, 1};
    if (before.size() > 1 && before[1] == command.name.substr(space + 1)) return {&command, 2};
  }
  return {};
}

const Flag* find_flag(const Command& command, std::string_view word) {
  for (const auto flags : {command.flags, common_flags()}) {
    for (const Flag& flag : flags) {
      const bool is_long = word == fmt::format("--{}", flag.name);
      const bool is_short = flag.letter != 0 && word == fmt::format("-{}", flag.letter);
      if (is_long || is_short) return &flag;
    }
  }
  return nullptr;
}

Completion of_kind(ValueKind kind, const std::function<std::vector<std::string>()>& jobs) {
  Completion found;
  switch (kind) {
    case ValueKind::None:
    case ValueKind::Text:
    case ValueKind::Number:
      break;
    case ValueKind::File:
      found.files = true;
      break;
    case ValueKind::Folder:
      found.folders = true;
      break;
    case ValueKind::Job:
      found.words = jobs();
      break;
    case ValueKind::Sampler:
      for (const auto& sampler : spec::samplers()) found.words.emplace_back(sampler.name);
      break;
    case ValueKind::Schedule:
      for (const auto& schedule : spec::schedules()) found.words.emplace_back(schedule.name);
      break;
    case ValueKind::Shell:
      found.words = {"bash", "zsh", "fish"};
      break;
  }
  return found;
}

/// First words, or the second ones behind a first.
std::vector<std::string> command_words(std::span<const Command> table,
                                       const std::vector<std::string>& before) {
  std::vector<std::string> words;
  for (const Command& command : table) {
    const auto space = command.name.find(' ');
    if (before.empty()) {
      std::string first(command.name.substr(0, space));
      if (words.empty() || words.back() != first) words.push_back(std::move(first));
    } else if (space != std::string_view::npos && command.name.substr(0, space) == before[0]) {
      words.emplace_back(command.name.substr(space + 1));
    }
  }
  return words;
}

Completion all_that_fits(std::span<const Command> table, const std::vector<std::string>& before,
                         std::string_view current,
                         const std::function<std::vector<std::string>()>& jobs) {
  const FoundCommand found = find_command(table, before);
  if (found.command == nullptr) {
    if (before.size() <= 1) return {command_words(table, before), false, false};
    return {};
  }
  if (before.size() > found.words) {
    const Flag* flag = find_flag(*found.command, before.back());
    if (flag != nullptr && !flag->value.empty()) return of_kind(flag->kind, jobs);
  }
  if (current.starts_with("-")) {
    Completion flags;
    for (const auto list : {found.command->flags, common_flags()}) {
      for (const Flag& flag : list) flags.words.push_back(fmt::format("--{}", flag.name));
    }
    return flags;
  }
  if (found.command->operand.most > 0) return of_kind(found.command->operand.kind, jobs);
  return {};
}

constexpr std::string_view kBash = R"shell(# furrow completion for bash
_furrow() {
  local current=${COMP_WORDS[COMP_CWORD]} line
  local -a found
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -f -- "$current") ;;
      :folders) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -d -- "$current") ;;
      *) found=("$(printf '%q' "$line")") ;;
    esac
    COMPREPLY+=("${found[@]}")
  done < <(furrow __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _furrow furrow
)shell";

constexpr std::string_view kZsh = R"shell(#compdef furrow
_furrow() {
  local line
  for line in "${(@f)$(furrow __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files ;;
      :folders) _files -/ ;;
      *) compadd -- "$line" ;;
    esac
  done
}
if [[ $funcstack[1] == _furrow ]]; then _furrow "$@"; else compdef _furrow furrow; fi
)shell";

constexpr std::string_view kFish = R"shell(# furrow completion for fish
function __furrow_complete
    set -l typed (commandline -opc)[2..-1] (commandline -ct)
    for line in (furrow __complete $typed 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :folders
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c furrow -f -a '(__furrow_complete)'
)shell";

}  // namespace

Completion complete(std::span<const Command> table, const std::vector<std::string>& typed,
                    const std::function<std::vector<std::string>()>& jobs) {
  if (typed.empty()) return {};
  const std::string& current = typed.back();
  const std::vector<std::string> before(typed.begin(), typed.end() - 1);
  Completion completion = all_that_fits(table, before, current, jobs);
  std::erase_if(completion.words,
                [&](const std::string& word) { return !word.starts_with(current); });
  return completion;
}

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return "";
}

}  // namespace furrow::cli
