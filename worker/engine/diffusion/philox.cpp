#include "worker/engine/diffusion/philox.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

constexpr int kRounds = 10;
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;  // added to the key in every round
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;

std::uint32_t high(std::uint64_t product) {
  return static_cast<std::uint32_t>(product >> 32);
}

std::uint32_t low(std::uint64_t product) {
  return static_cast<std::uint32_t>(product);
}

/// The middle of the word's place among 2³² equal parts of (0, 1).
double uniform(std::uint32_t word) {
  return (word + 0.5) / 4294967296.0;
}

/// The second of the two numbers that Box and Muller's transform makes.
float normal_of(std::uint32_t radius, std::uint32_t angle) {
  return static_cast<float>(std::sqrt(-2 * std::log(uniform(radius))) *
                            std::sin(2 * std::numbers::pi * uniform(angle)));
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

at::Tensor PhiloxSource::normal(at::IntArrayRef shape) {
  const std::array<std::uint32_t, 2> key = {low(seed_), high(seed_)};
  at::Tensor numbers = at::empty(shape, at::TensorOptions(at::kCPU).dtype(at::kFloat));
  float* out = numbers.data_ptr<float>();
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    const auto words = philox4x32({draws_, 0, static_cast<std::uint32_t>(i), 0}, key);
    out[i] = normal_of(words[0], words[1]);
  }
  ++draws_;
  return numbers;
}

}  // namespace furrow::engine::diffusion
