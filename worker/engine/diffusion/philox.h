#pragma once

#include <array>
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace furrow::engine::diffusion {

/// Philox-4x32 with ten rounds: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC'11, doi:10.1145/2063384.2063405), section 3.3. The same counter and key give the same four
/// words everywhere.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// The normal numbers that torch's generator of an NVIDIA device draws from a seed, made on the
/// CPU: what A1111 calls the source "NV". Number i of draw k comes from the counter (k, 0, i, 0)
/// under the seed as key, by the sine of Box and Muller's transform. The device works in float32
/// and so may differ in a number's last digits; and a tensor of more numbers than it has threads
/// (hundreds of thousands) goes on there in another order.
class PhiloxSource {
 public:
  explicit PhiloxSource(std::uint64_t seed) : seed_(seed) {}

  /// The next draw: unit normal, float32 on the CPU. Requires: fewer than 2³² numbers.
  at::Tensor normal(at::IntArrayRef shape);

 private:
  std::uint64_t seed_;
  std::uint32_t draws_ = 0;
};

}  // namespace furrow::engine::diffusion
