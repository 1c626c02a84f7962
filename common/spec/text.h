#pragma once

#include <string>
#include <string_view>

/// Small readings of text that the sweep language needs. Case is ASCII's: names of axes, samplers
/// and models are compared by it, prompts never are.
namespace furrow::spec {

std::string to_lower(std::string_view text);

/// Without the spaces, tabs and line ends around it.
std::string_view trim(std::string_view text);

/// The text for an error message: in double quotes, a long one cut between characters and ended by
/// "…". The result is valid UTF-8 whatever the text is.
std::string in_quotes(std::string_view text);

/// The shortest decimal form that reads back equal: "7", "0.3", "1e-07".
std::string shortest(double value);

}  // namespace furrow::spec
