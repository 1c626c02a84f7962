#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace furrow::prompt {

/// Draws the choices of a prompt, the same everywhere for the same seed: SplitMix64 (Steele, Lea
/// and Flood 2014), which is short enough to be done again in any language:
///
///   state = seed
///   a draw:  state += 0x9E3779B97F4A7C15
///            z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9
///            z = (z ^ z >> 27) * 0x94D049BB133111EB
///            u = ((z ^ z >> 31) >> 11) / 2^53                 in [0, 1)
///
/// all modulo 2^64. Of choices with weights w_0, w_1, … the first one is taken whose
/// w_0 + … + w_i is more than u times the sum of all.
class ChoiceGenerator {
 public:
  explicit ChoiceGenerator(std::uint64_t seed) : state_(seed) {}

  /// The index of one of the weights. Requires: none is negative, their sum is finite and not 0.
  std::size_t pick(std::span<const double> weights);

  /// One of `count` equal choices, as pick() with weights of 1. Requires: count > 0.
  std::size_t pick(std::size_t count);

 private:
  double draw();

  std::uint64_t state_;
};

}  // namespace furrow::prompt
