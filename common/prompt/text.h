#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Small readings of text that the prompt language needs.
namespace furrow::prompt {

/// Without the spaces, tabs and line ends around it.
std::string_view trim(std::string_view text);

bool is_blank(char c);

bool is_digit(char c);

/// Lower case of ASCII letters; the others stay.
std::string to_lower(std::string_view text);

/// The next place at or behind `from` where `word` stands alone: no letter, digit or "_" of any
/// script touches it. npos: nowhere. Requires: `word` is of ASCII letters, `text` is UTF-8.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from);

/// A decimal number with an optional sign and exponent, and nothing else: "2", "-.5", "+1e3".
/// Nothing: it is none, or too large.
std::optional<double> parse_number(std::string_view text);

/// Whether somebody who wrote this meant a number: digits, at least one, among what numbers are
/// written with ("0,5", "50%", "1.2.3").
bool looks_like_number(std::string_view text);

/// The shortest decimal form that reads back equal.
std::string number_text(double value);

/// The text for a message: in double quotes, cut between characters and ended by "…" when it is
/// long. Valid UTF-8 whatever the text is.
std::string in_quotes(std::string_view text);

/// Where in a prompt something stands, for the beginning of a message: `character 7 ("[b:c:x] d")`,
/// counted from 1, with what stands there.
std::string place(std::string_view text, std::size_t offset);

}  // namespace furrow::prompt
