#include "worker/engine/diffusion/noise.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace furrow::engine::diffusion {

NoiseSource::NoiseSource(std::uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

at::Tensor NoiseSource::normal(at::IntArrayRef shape) {
  return at::randn(shape, generator_, at::TensorOptions(at::kCPU).dtype(at::kFloat));
}

}  // namespace furrow::engine::diffusion
