#include "worker/engine/diffusion/guidance.h"

#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "worker/engine/diffusion/noise.h"

namespace furrow::engine::diffusion {

namespace {

struct Outputs {
  at::Tensor negative = NoiseSource(1).normal({2, 4, 8, 8});
  at::Tensor positive = NoiseSource(2).normal({2, 4, 8, 8});
};

TEST(Guided, IsThePositiveOutputAtScaleOne) {
  const Outputs outputs;

  EXPECT_TRUE(
      at::allclose(guided(outputs.negative, outputs.positive, 1), outputs.positive, 1e-5, 1e-6));
  EXPECT_FALSE(needs_negative(1));
}

TEST(Guided, IsTheNegativeOutputAtScaleZero) {
  const Outputs outputs;

  EXPECT_TRUE(guided(outputs.negative, outputs.positive, 0).equal(outputs.negative));
  EXPECT_TRUE(needs_negative(0));
}

TEST(Guided, MovesAwayFromTheNegativeOutput) {
  const at::Tensor negative = at::full({1, 1, 1, 2}, 1.0);
  const at::Tensor positive = at::full({1, 1, 1, 2}, 3.0);

  EXPECT_TRUE(guided(negative, positive, 7).equal(at::full({1, 1, 1, 2}, 15.0)));
}

TEST(Guided, KeepsThePositiveOutputsDeviationWhenFullyRescaled) {
  const Outputs outputs;

  const at::Tensor rescaled = guided(outputs.negative, outputs.positive, 9, 1);

  EXPECT_TRUE(at::allclose(rescaled.flatten(1).std(1), outputs.positive.flatten(1).std(1), 1e-5));
}

TEST(Composed, IsItselfForOnePrompt) {
  const Outputs outputs;
  const at::Tensor positive = outputs.positive.narrow(0, 0, 1);

  EXPECT_TRUE(
      composed(outputs.negative.narrow(0, 0, 1), positive, std::vector{1.0}).equal(positive));
}

TEST(Composed, AddsUpTheWaysFromTheNegativeOutput) {
  const at::Tensor negative = at::full({1, 1, 1, 2}, 1.0);
  const at::Tensor positives = at::tensor({3.0F, 3.0F, 6.0F, 6.0F}).view({2, 1, 1, 2});

  const at::Tensor output = composed(negative, positives, std::vector{1.0, -0.5});

  EXPECT_TRUE(at::allclose(output, at::full({1, 1, 1, 2}, 1.0 + 2.0 - 2.5)));
}

TEST(Composed, NeedsNoNegativeOutputWhereThatCancelsOut) {
  const Outputs outputs;
  const at::Tensor negative = outputs.negative.narrow(0, 0, 1);
  const std::vector<double> weights = {0.375, -0.125};
  constexpr double kScale = 4;
  EXPECT_FALSE(needs_negative(kScale, 0.25));
  EXPECT_TRUE(needs_negative(kScale, 1));

  const at::Tensor with = guided(negative, composed(negative, outputs.positive, weights), kScale);
  const at::Tensor without = composed({}, outputs.positive, weights) * kScale;

  EXPECT_TRUE(at::allclose(with, without, 1e-4, 1e-5));
}

}  // namespace

}  // namespace furrow::engine::diffusion
