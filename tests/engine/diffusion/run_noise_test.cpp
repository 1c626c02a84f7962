#include "worker/engine/diffusion/run_noise.h"

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

constexpr std::int64_t kFactor = 8;
const std::vector<std::int64_t> kLatent = {1, 4, 6, 5};  // a picture of 40 by 48 pixels

Result<RunNoise> opened(std::uint64_t seed, const v1::NoiseOptions& options,
                        std::vector<std::int64_t> shape = kLatent) {
  return RunNoise::open(seed, options, std::move(shape), at::kCPU, kFactor);
}

at::Tensor first_of(std::uint64_t seed, const v1::NoiseOptions& options,
                    std::vector<std::int64_t> shape = kLatent) {
  return opened(seed, options, std::move(shape))->first();
}

v1::NoiseOptions variation(std::uint64_t seed, double strength) {
  v1::NoiseOptions options;
  options.set_variation_seed(seed);
  options.set_variation_strength(strength);
  return options;
}

v1::NoiseOptions resized_from(std::uint32_t width, std::uint32_t height) {
  v1::NoiseOptions options;
  options.set_resize_width(width);
  options.set_resize_height(height);
  return options;
}

TEST(RunNoise, WithoutOptionsIsTheSeedsOwnStream) {
  NoiseSource plain(5);
  RunNoise noise = *opened(5, {});
  const DrawNoise draw = noise.draw();

  EXPECT_TRUE(noise.first().equal(plain.normal(kLatent)));
  EXPECT_TRUE(draw().equal(plain.normal(kLatent)));
  EXPECT_TRUE(draw().equal(plain.normal(kLatent)));
}

TEST(RunNoise, ComesFromPhiloxWhenAsked) {
  v1::NoiseOptions options;
  options.set_source(v1::NOISE_SOURCE_PHILOX);
  PhiloxSource plain(5);
  RunNoise noise = *opened(5, options);

  EXPECT_TRUE(noise.first().equal(plain.normal(kLatent)));
  EXPECT_TRUE(noise.draw()().equal(plain.normal(kLatent)));
}

TEST(RunNoise, VariesFromTheSeedsNoiseToTheOthers) {
  const at::Tensor own = NoiseSource(5).normal(kLatent);
  const at::Tensor other = NoiseSource(6).normal(kLatent);

  EXPECT_TRUE(first_of(5, variation(6, 0)).equal(own));
  EXPECT_TRUE(at::allclose(first_of(5, variation(6, 1)), other, 1e-4, 1e-5));
  const at::Tensor between = first_of(5, variation(6, 0.3));
  EXPECT_FALSE(at::allclose(between, own, 0.1, 0.1));
  EXPECT_LT((between - own).norm().item<double>(), (between - other).norm().item<double>());
}

TEST(RunNoise, KeepsItsStepsNoiseWhenTheFirstIsVaried) {
  RunNoise plain = *opened(5, {});
  RunNoise varied = *opened(5, variation(6, 0.5));
  plain.first();
  varied.first();

  EXPECT_TRUE(plain.draw()().equal(varied.draw()()));
}

TEST(RunNoise, IsPlainWhenResizedFromItsOwnSize) {
  EXPECT_TRUE(first_of(5, resized_from(40, 48)).equal(NoiseSource(5).normal(kLatent)));
}

TEST(RunNoise, HoldsTheNoiseOfASmallerSizeInItsMiddle) {
  const at::Tensor small = NoiseSource(5).normal({1, 4, 4, 2});
  const at::Tensor own = NoiseSource(5).normal(kLatent);

  const at::Tensor noise = first_of(5, resized_from(16, 32));

  EXPECT_TRUE(noise.narrow(2, 1, 4).narrow(3, 1, 2).equal(small));
  EXPECT_TRUE(noise.narrow(3, 0, 1).equal(own.narrow(3, 0, 1)));
  EXPECT_TRUE(noise.narrow(3, 3, 2).equal(own.narrow(3, 3, 2)));
  EXPECT_TRUE(noise.narrow(2, 5, 1).equal(own.narrow(2, 5, 1)));
}

TEST(RunNoise, IsTheMiddleOfALargerSizesNoise) {
  const at::Tensor large = NoiseSource(5).normal({1, 4, 9, 8});
  const at::Tensor own = NoiseSource(5).normal(kLatent);

  const at::Tensor noise = first_of(5, resized_from(64, 72));

  // Odd differences leave the last row and column, as the reference does.
  EXPECT_TRUE(noise.narrow(2, 0, 5).narrow(3, 0, 4).equal(large.narrow(2, 2, 5).narrow(3, 2, 4)));
  EXPECT_TRUE(noise.narrow(3, 4, 1).equal(own.narrow(3, 4, 1)));
}

TEST(RunNoise, DrawsItsStepsFromASeedOfTheirOwnWithADelta) {
  v1::NoiseOptions options;
  options.set_seed_delta(31337);
  RunNoise noise = *opened(5, options);
  NoiseSource steps(5 + 31337);

  EXPECT_TRUE(noise.first().equal(NoiseSource(5).normal(kLatent)));
  EXPECT_TRUE(noise.draw()().equal(steps.normal(kLatent)));
  EXPECT_TRUE(noise.draw()().equal(steps.normal(kLatent)));
}

TEST(RunNoise, RefusesWhatIsNoStrengthOrNoSize) {
  const auto fault_of = [](const v1::NoiseOptions& options) {
    const auto noise = opened(5, options);
    return noise ? std::string() : noise.error().message;
  };

  EXPECT_THAT(fault_of(variation(6, 1.5)), HasSubstr("variation strength 1.5"));
  EXPECT_THAT(fault_of(variation(6, std::nan(""))), HasSubstr("variation strength"));
  EXPECT_THAT(fault_of(resized_from(64, 0)), HasSubstr("seed resize 64x0"));
  EXPECT_THAT(fault_of(resized_from(64, 7)), HasSubstr("seed resize 64x7"));
  EXPECT_THAT(fault_of(resized_from(4000000000, 64)), HasSubstr("16384"));
}

TEST(Slerp, KeepsTheLengthOfColumnsOfEqualLength) {
  const at::Tensor from = at::tensor({1., 0.}).view({1, 1, 2, 1});
  const at::Tensor to = at::tensor({0., 1.}).view({1, 1, 2, 1});

  const at::Tensor between = slerp(from, to, 1. / 3);

  EXPECT_NEAR(between.norm().item<double>(), 1, 1e-9);
  EXPECT_NEAR(between[0][0][0][0].item<double>(), std::sqrt(3) / 2, 1e-9);
}

TEST(Slerp, StaysFiniteBetweenColumnsOfOneNumber) {
  const at::Tensor from = NoiseSource(1).normal({1, 4, 1, 16});
  const at::Tensor to = NoiseSource(2).normal({1, 4, 1, 16});

  EXPECT_TRUE(at::allclose(slerp(from, to, 0.25), from * 0.75 + to * 0.25));
}

TEST(Slerp, IsTheSameBetweenATensorAndItself) {
  const at::Tensor x = NoiseSource(1).normal({1, 4, 8, 8});

  EXPECT_TRUE(at::allclose(slerp(x, x, 0.25), x));
}

}  // namespace

}  // namespace furrow::engine::diffusion
