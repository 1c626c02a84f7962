#pragma once

#include <ostream>

namespace furrow::cli {

/// What a stream can show.
struct Terminal {
  /// A pipe or a file: nothing is cut to fit.
  static constexpr int kUnlimited = 1 << 30;

  bool is_terminal = false;
  int width = kUnlimited;  ///< columns
  bool unicode = false;    ///< the locale is UTF-8
  bool colour = false;     ///< a terminal, and NO_COLOR does not forbid it
};

/// Where a command writes: data to `out`, talk to `err`. Owned by main, used by one thread.
struct Console {
  std::ostream& out;
  std::ostream& err;
  Terminal out_terminal;
  Terminal err_terminal;
};

/// What stands behind file descriptor `fd` now. Asks the system each time, so a resized window is
/// seen.
Terminal describe_terminal(int fd);

/// How a word is painted, when the stream has colour.
enum class Paint { Plain, Bold, Dim, Green, Yellow, Red, Cyan };

/// The escape that starts a paint; empty for Plain.
const char* paint_on(Paint paint);
inline constexpr const char* kPaintOff = "\x1b[0m";

}  // namespace furrow::cli
