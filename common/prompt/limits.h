#pragma once

#include <cstddef>

namespace furrow::prompt {

/// The most bytes of a prompt, as written and as wildcards and styles make it. (spec::kMaxText
/// bounds what a sweep may say to the same.)
inline constexpr std::size_t kMaxPromptBytes = 64 << 10;

/// The most brackets of a kind that may stand open at one place.
inline constexpr std::size_t kMaxNesting = 100;

}  // namespace furrow::prompt
