#pragma once

#include <string_view>

namespace furrow {

/// Prints what was expected, where, and why, to stderr and aborts.
[[noreturn]] void check_failed(std::string_view expression, std::string_view file, int line,
                               std::string_view why);

}  // namespace furrow

/// For what cannot happen: a broken invariant of our own code. Never reachable from user input or a
/// peer's bytes.
#define FURROW_CHECK(condition, why)                                               \
  do {                                                                             \
    if (!(condition)) ::furrow::check_failed(#condition, __FILE__, __LINE__, why); \
  } while (false)
