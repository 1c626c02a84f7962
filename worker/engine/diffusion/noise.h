#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace furrow::engine::diffusion {

/// One picture's random numbers: torch's CPU generator (a Mersenne twister), whatever the device,
/// so that a seed gives the same noise on every machine and in every batch.
///
/// A run draws in a fixed order: first the initial latent, then one latent for each model call of a
/// sampler that adds noise. Not shared between threads.
class NoiseSource {
 public:
  explicit NoiseSource(std::uint64_t seed);

  /// Unit normal numbers, float32 on the CPU: what torch.randn(shape, generator=...) gives next.
  at::Tensor normal(at::IntArrayRef shape);

  /// For other draws from the same stream.
  const at::Generator& generator() const { return generator_; }

 private:
  at::Generator generator_;
};

/// Asks for the next unit normal noise of one latent's shape, on the latent's device.
using DrawNoise = std::function<at::Tensor()>;

}  // namespace furrow::engine::diffusion
