#include "worker/engine/nn/group_norm.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace furrow::engine::nn {

namespace {

at::Tensor channels_last(const at::Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

// In float64, by libtorch.
at::Tensor reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     GroupNormShape shape, Activation then) {
  return activate(then, at::group_norm(x.to(at::kDouble).contiguous(), shape.groups,
                                       weight.to(at::kDouble), bias.to(at::kDouble), shape.eps));
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b).abs().max().item<double>();
}

TEST(GroupNorm, AgreesWithLibtorchForEverySize) {
  const c10::InferenceMode no_gradients;
  for (const std::int64_t height : {1, 3, 16, 33}) {
    for (const std::int64_t channels : {8, 20, 64, 192}) {
      for (const auto then : {Activation::None, Activation::Silu, Activation::Gelu}) {
        const auto x = channels_last(at::randn({2, channels, height, 17}) * 3 + 1);
        const auto weight = at::randn({channels});
        const auto bias = at::randn({channels});

        const auto got = group_norm(x, weight, bias, {.groups = 4}, then);

        EXPECT_TRUE(got.is_contiguous(at::MemoryFormat::ChannelsLast));
        EXPECT_LT(difference(got, reference(x, weight, bias, {.groups = 4}, then)), 1e-5)
            << channels << " channels, height " << height;
      }
    }
  }
}

TEST(GroupNorm, AMeanThatDwarfsTheDeviationCostsNoDigits) {
  const c10::InferenceMode no_gradients;
  const auto x = channels_last(at::randn({1, 32, 40, 40}) + 1000);
  const auto ones = at::ones({32});
  const auto zeros = at::zeros({32});

  const auto got = group_norm(x, ones, zeros, {.groups = 8});

  // A float of about 1000 is itself no finer than 6e-5.
  EXPECT_LT(difference(got, reference(x, ones, zeros, {.groups = 8}, Activation::None)), 2e-4);
}

TEST(GroupNorm, InBfloat16OnlyTheResultIsRounded) {
  const c10::InferenceMode no_gradients;
  for (const auto then : {Activation::None, Activation::Silu}) {
    const auto x = channels_last(at::randn({2, 48, 9, 20}).to(at::kBFloat16));
    const auto weight = at::randn({48}).to(at::kBFloat16);
    const auto bias = at::randn({48}).to(at::kBFloat16);

    const auto got = group_norm(x, weight, bias, {.groups = 16}, then);

    const auto expected = reference(x, weight, bias, {.groups = 16}, then);
    EXPECT_EQ(got.scalar_type(), at::kBFloat16);
    const auto half_a_place = (got.to(at::kDouble) - expected).abs() / (expected.abs() + 1e-3);
    EXPECT_LT(half_a_place.max().item<double>(), std::ldexp(1.01, -8));
  }
}

TEST(GroupNorm, OtherMemoryFormatsGiveTheSame) {
  const c10::InferenceMode no_gradients;
  const auto x = at::randn({2, 16, 8, 12});
  const auto weight = at::randn({16});
  const auto bias = at::randn({16});

  const auto planes = group_norm(x, weight, bias, {.groups = 4}, Activation::Silu);
  const auto last = group_norm(channels_last(x), weight, bias, {.groups = 4}, Activation::Silu);

  EXPECT_LT(difference(planes, last.to(at::kDouble)), 1e-5);
}

TEST(GroupNorm, NotANumberStaysOne) {
  const c10::InferenceMode no_gradients;
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    auto x = channels_last(at::randn({1, 8, 4, 4}).to(type));
    x[0][0][1][1] = std::numeric_limits<double>::quiet_NaN();

    const auto got = group_norm(x, at::ones({8}).to(type), at::zeros({8}).to(type), {.groups = 2},
                                Activation::Silu);

    EXPECT_TRUE(got.narrow(1, 0, 4).isnan().all().item<bool>());
    EXPECT_FALSE(got.narrow(1, 4, 4).isnan().any().item<bool>());
  }
}

}  // namespace

}  // namespace furrow::engine::nn
