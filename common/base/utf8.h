#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace furrow {

/// How many bytes the character at the front has; 0: there is none, or it is not well-formed.
std::size_t utf8_character(std::string_view text);

/// Whether Protobuf can carry it as a string: no stray bytes, surrogates or overlong forms.
bool is_valid_utf8(std::string_view text);

/// `text` with everything that is not well-formed UTF-8 (RFC 3629) replaced by U+FFFD.
std::string well_formed_utf8(std::string_view text);

}  // namespace furrow
