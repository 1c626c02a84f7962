#include "worker/engine/diffusion/noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace furrow::engine::diffusion {

namespace {

TEST(NoiseSource, DrawsWhatTorchDraws) {
  // torch.randn(3, generator=torch.Generator().manual_seed(42)), torch 2.14.1
  const at::Tensor expected =
      at::tensor({0.33669036626815796F, 0.12880940735340118F, 0.23446236550807953F});

  const at::Tensor drawn = NoiseSource(42).normal({3});

  EXPECT_TRUE(at::allclose(drawn, expected, 1e-6, 1e-6)) << drawn;
}

TEST(NoiseSource, GivesTheSameNumbersForTheSameSeed) {
  EXPECT_TRUE(NoiseSource(7).normal({1, 4, 16, 16}).equal(NoiseSource(7).normal({1, 4, 16, 16})));
}

TEST(NoiseSource, GivesOtherNumbersForAnotherSeedAndForTheNextDraw) {
  NoiseSource noise(7);

  const at::Tensor first = noise.normal({64});

  EXPECT_FALSE(first.equal(noise.normal({64})));
  EXPECT_FALSE(first.equal(NoiseSource(8).normal({64})));
}

TEST(NoiseSource, IsNotMovedByAnotherSourcesDraws) {
  NoiseSource alone(3);
  NoiseSource among_others(3);
  NoiseSource other(4);
  alone.normal({5});
  among_others.normal({5});

  other.normal({100});

  EXPECT_TRUE(alone.normal({16}).equal(among_others.normal({16})));
}

}  // namespace

}  // namespace furrow::engine::diffusion
