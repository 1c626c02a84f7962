#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace furrow::spec {

/// What a side of a picture must be a multiple of, and for whose sake.
struct SizeRule {
  std::int64_t factor = 1;  ///< the least common multiple over the models of a sweep
  std::string models;       ///< "emoji-diffusion needs"

  /// What is wrong with a side in pixels, going on after the number, or nothing.
  std::optional<std::string> fault_of(std::int64_t side_px) const;
};

/// The shortest and longest side that a picture may have, in pixels.
inline constexpr std::int64_t kMinSide = 8;
inline constexpr std::int64_t kMaxSide = 16384;

}  // namespace furrow::spec
