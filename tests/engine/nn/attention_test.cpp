#include "worker/engine/nn/attention.h"

#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace furrow::engine::nn {

namespace {

at::Tensor random_tokens(std::int64_t batch, std::int64_t tokens, std::int64_t width) {
  return at::randn({batch, tokens, width});
}

// The formula in float64, one head at a time.
at::Tensor by_the_formula(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          std::int64_t heads) {
  const auto width = q.size(2) / heads;
  std::vector<at::Tensor> parts;
  for (std::int64_t head = 0; head < heads; ++head) {
    const auto part = [&](const at::Tensor& x) {
      return x.narrow(2, head * width, width).to(at::kDouble);
    };
    const auto scores =
        part(q).matmul(part(k).transpose(1, 2)) / std::sqrt(static_cast<double>(width));
    parts.push_back(at::softmax(scores, -1).matmul(part(v)));
  }
  return at::cat(parts, 2);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(Attention, IsTheFormula) {
  const c10::InferenceMode no_gradients;
  for (const std::int64_t heads : {1, 2, 8}) {
    const auto q = random_tokens(3, 13, 32);
    const auto k = random_tokens(3, 17, 32);
    const auto v = random_tokens(3, 17, 32);

    const auto got = attention(q, k, v, heads);

    EXPECT_EQ(got.sizes(), q.sizes());
    EXPECT_LT(difference(got, by_the_formula(q, k, v, heads)), 2e-6);
  }
}

TEST(Attention, InBfloat16IsCloseToTheFormula) {
  const c10::InferenceMode no_gradients;
  const auto q = random_tokens(2, 70, 64).to(at::kBFloat16);
  const auto k = random_tokens(2, 77, 64).to(at::kBFloat16);
  const auto v = random_tokens(2, 77, 64).to(at::kBFloat16);

  const auto got = attention(q, k, v, 4);

  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  EXPECT_LT(difference(got, by_the_formula(q, k, v, 4)), 0.03);
}

TEST(Attention, WhatTheMemoryHeldBeforeNeverShows) {
  const c10::InferenceMode no_gradients;
  // libtorch has a product of its own for small matrices.
  for (const std::int64_t keys : {7, 77, 300}) {
    const auto q = random_tokens(2, 6, 4);
    const auto k = random_tokens(2, keys, 4);
    const auto v = random_tokens(2, keys, 4);
    // Freed at once, so that attention is given the same memory for its scores.
    at::full({2 * 6 * keys}, NAN);

    const auto got = attention(q, k, v, 1);

    EXPECT_TRUE(got.isfinite().all().item<bool>()) << keys;
  }
}

TEST(Attention, ManyTokensTakenInPartsAreTheSame) {
  const c10::InferenceMode no_gradients;
  // The scores of all queries would be larger than is computed at a time.
  constexpr std::int64_t kTokens = 4500;
  static_assert(kTokens * kTokens * sizeof(float) > kScoreBytes);
  const auto q = random_tokens(1, kTokens, 8);
  const auto k = random_tokens(1, kTokens, 8);
  const auto v = random_tokens(1, kTokens, 8);

  const auto got = attention(q, k, v, 1);

  for (const std::int64_t first : {std::int64_t{0}, kTokens / 2, kTokens - 10}) {
    const auto expected = by_the_formula(q.narrow(1, first, 10), k, v, 1);
    EXPECT_LT(difference(got.narrow(1, first, 10), expected), 2e-6) << "from " << first;
  }
}

TEST(Attention, ACausalQueryDoesNotSeeLaterKeys) {
  const c10::InferenceMode no_gradients;
  const auto q = random_tokens(2, 9, 16);
  const auto k = random_tokens(2, 9, 16);
  const auto v = random_tokens(2, 9, 16);

  const auto got = attention(q, k, v, 2, Mask::Causal);

  for (std::int64_t i = 0; i < 9; ++i) {
    const auto expected =
        by_the_formula(q.narrow(1, i, 1), k.narrow(1, 0, i + 1), v.narrow(1, 0, i + 1), 2);
    EXPECT_LT(difference(got.narrow(1, i, 1), expected), 2e-6) << "query " << i;
  }
}

}  // namespace

}  // namespace furrow::engine::nn
