#include "common/spec/size_rule.h"

#include <algorithm>

#include <fmt/format.h>

namespace furrow::spec {

std::optional<std::string> SizeRule::fault_of(std::int64_t side_px) const {
  if (side_px < kMinSide || side_px > kMaxSide) {
    return fmt::format("is out of range. A side has {} to {} pixels.", kMinSide, kMaxSide);
  }
  if (side_px % factor == 0) return std::nullopt;
  const std::int64_t rounded = (side_px + factor / 2) / factor * factor;
  const std::int64_t nearest = std::clamp(rounded, factor, kMaxSide / factor * factor);
  return fmt::format("is not a multiple of {}, as {}. The nearest that fits is {}.", factor, models,
                     nearest);
}

}  // namespace furrow::spec
