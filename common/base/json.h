#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace furrow {

/// How deep lists and objects may nest. No file that we read comes near; and nlohmann::json copies,
/// compares and prints a value by recursion, so that a file of some ten thousand brackets would run
/// out of stack.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// The value of a JSON text. Discarded (json::is_discarded): it is no JSON, or nested deeper.
nlohmann::json parse_json(std::string_view text);

}  // namespace furrow
