#pragma once

#include <span>
#include <string_view>

#include "cli/arguments.h"
#include "cli/output/console.h"
#include "common/base/result.h"

namespace furrow::cli {

/// What a value or an operand is; completion offers what fits.
enum class ValueKind { None, Text, Number, File, Folder, Job, Sampler, Schedule, Shell };

/// A flag of a command, as parsing, help and completion need it. A table of constants.
struct Flag {
  std::string_view name;   ///< "steps": written --steps
  std::string_view value;  ///< what help calls its value, "N"; empty: a switch
  std::string_view help;
  ValueKind kind = ValueKind::Text;
  char letter = 0;              ///< 'o': also written -o; 0: none
  bool repeats = false;         ///< may be given more than once
  std::string_view group = {};  ///< the heading that help shows it under; empty: none
};

struct Operand {
  std::string_view name;  ///< "J", "FILE"; empty: the command takes none
  ValueKind kind = ValueKind::None;
  int least = 0;
  int most = 0;
};

inline constexpr int kAnyNumber = 1 << 30;

/// An exit code: 0, or a documented other one for an outcome that is no fault (a failed job).
using ExitCode = int;

/// One command of the table (commands.cpp): all that help, parsing and completion know about it.
struct Command {
  std::string_view name;  ///< "job list": one or two words
  std::string_view summary;
  Operand operand;
  std::span<const Flag> flags;
  Result<ExitCode> (*run)(const Arguments&, Console&);
  std::string_view notes;  ///< shown below the flags in help; may be empty
};

}  // namespace furrow::cli
