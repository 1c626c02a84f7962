#include "worker/engine/diffusion/philox.h"

#include <array>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::diffusion {

namespace {

using testing::ElementsAre;

TEST(Philox, GivesThePublishedWords) {
  // Random123's known answers for philox4x32 with ten rounds.
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(
      philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
      ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(
      philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(PhiloxSource, DrawsWhatAnNvidiaDeviceDrawsFromSeedZero) {
  // torch.randn(3, 4, device="cuda") after torch.manual_seed(0), as A1111's rng_philox.py has it.
  const at::Tensor expected =
      at::tensor({-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564,
                  -0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497});

  const at::Tensor drawn = PhiloxSource(0).normal({3, 4});

  EXPECT_TRUE(at::allclose(drawn.flatten(), expected.to(at::kFloat), 0, 2e-6)) << drawn;
}

TEST(PhiloxSource, TakesAllBitsOfTheSeedAndGoesOnFromDrawToDraw) {
  PhiloxSource noise(7);
  const at::Tensor first = noise.normal({64});

  EXPECT_TRUE(first.equal(PhiloxSource(7).normal({64})));
  EXPECT_FALSE(noise.normal({64}).equal(first));
  EXPECT_FALSE(first.equal(PhiloxSource(7 + (std::uint64_t{1} << 32)).normal({64})));
}

TEST(PhiloxSource, IsUnitNormal) {
  const at::Tensor drawn = PhiloxSource(3).normal({1, 4, 64, 64});

  EXPECT_NEAR(drawn.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(drawn.std().item<double>(), 1, 0.03);
  EXPECT_TRUE(drawn.isfinite().all().item<bool>());
}

}  // namespace

}  // namespace furrow::engine::diffusion
