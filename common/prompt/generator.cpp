#include "common/prompt/generator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/base/check.h"

namespace furrow::prompt {

double ChoiceGenerator::draw() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = (state_ ^ state_ >> 30) * 0xBF58476D1CE4E5B9U;
  z = (z ^ z >> 27) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
}

std::size_t ChoiceGenerator::pick(std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  FURROW_CHECK(sum > 0 && std::isfinite(sum), "some choice can be taken");
  const double target = draw() * sum;
  double before = 0;
  std::size_t last = 0;  // where rounding leaves the target at the sum: the last that can be taken
  for (std::size_t i = 0; i < weights.size(); ++i) {
    before += weights[i];
    if (before > target) return i;
    if (weights[i] > 0) last = i;
  }
  return last;
}

std::size_t ChoiceGenerator::pick(std::size_t count) {
  FURROW_CHECK(count > 0, "some choice can be taken");
  const auto index = static_cast<std::size_t>(std::floor(draw() * static_cast<double>(count)));
  return std::min(index, count - 1);
}

}  // namespace furrow::prompt
