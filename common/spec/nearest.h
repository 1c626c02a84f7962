#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace furrow::spec {

/// The one of `candidates` that `text` most likely meant, or nothing when none is near: within one
/// edit in three characters (a swap of neighbours counts as one), or the shortest that begins with
/// the text. Case does not count.
std::optional<std::string> nearest(std::string_view text,
                                   const std::vector<std::string>& candidates);

}  // namespace furrow::spec
