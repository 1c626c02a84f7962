#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace furrow::engine::weights {

/// A text out of a file, fit for a message: in quotes, with what a terminal would obey escaped, and
/// cut where it would fill the screen.
std::string shown(std::string_view text);

/// The parts of a message with `separator` between them: the first `most`, and how many there are
/// more.
std::string shown_list(std::vector<std::string> parts, std::size_t most,
                       std::string_view separator);

}  // namespace furrow::engine::weights
