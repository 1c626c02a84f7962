#include "worker/engine/model/transformers.h"

#include <filesystem>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine/nn/attention_stream.h"

namespace furrow::engine {

namespace {

using testing::HasSubstr;

std::filesystem::path model(const char* name) {
  return std::filesystem::path(FURROW_TEST_DATA "/golden/models") / name;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

template <typename Net>
Loaded<Net> or_fail(Result<Loaded<Net>> loaded) {
  EXPECT_TRUE(loaded) << loaded.error().message;
  return std::move(loaded).value();
}

class TransformersTest : public testing::Test {
 protected:
  const c10::InferenceMode no_gradients_;
};

TEST_F(TransformersTest, ATextOfABatchIsTheTextAlone) {
  const auto t5 = or_fail(load_t5(model("t5_sd3"), at::kFloat, at::kCPU));
  const auto ids = at::randint(t5->config.vocab_size, {3, 9}, at::kLong);

  const auto together = t5->forward(ids).last_hidden_state;

  for (std::int64_t i = 0; i < 3; ++i) {
    const auto alone = t5->forward(ids.narrow(0, i, 1)).last_hidden_state;
    EXPECT_LT(difference(together.narrow(0, i, 1), alone), 1e-5);
  }
}

TEST_F(TransformersTest, AMaskedTokenIsNotSeen) {
  const auto t5 = or_fail(load_t5(model("t5_sd3"), at::kFloat, at::kCPU));
  auto ids = at::randint(t5->config.vocab_size, {1, 6}, at::kLong);
  auto mask = at::ones({1, 6}, at::kLong);
  mask.narrow(1, 4, 2).zero_();

  const auto before = t5->forward(ids, mask).last_hidden_state.narrow(1, 0, 4).clone();
  ids.narrow(1, 4, 2).copy_((ids.narrow(1, 4, 2) + 1).remainder(t5->config.vocab_size));
  const auto after = t5->forward(ids, mask).last_hidden_state.narrow(1, 0, 4);

  EXPECT_LT(difference(before, after), 1e-6);
}

TEST_F(TransformersTest, ATextOfHiddenTokensAloneIsStillNumbers) {
  const auto t5 = or_fail(load_t5(model("t5_sd3"), at::kFloat, at::kCPU));

  const auto out = t5->forward(at::ones({1, 4}, at::kLong), at::zeros({1, 4}, at::kLong));

  EXPECT_TRUE(out.last_hidden_state.isfinite().all().item<bool>());
}

TEST(T5Positions, FarTokensShareABucketAndDirectionsDoNot) {
  const auto buckets = nn::relative_position_buckets(200, 32, 128);

  const auto at = [&](std::int64_t query, std::int64_t key) {
    return buckets[query][key].item<std::int64_t>();
  };
  EXPECT_EQ(at(5, 5), 0);
  EXPECT_EQ(at(5, 3), 2);
  EXPECT_EQ(at(3, 5), 16 + 2);
  EXPECT_EQ(at(0, 150), at(0, 199));
  EXPECT_EQ(at(0, 199), 31);
  EXPECT_EQ(at(199, 0), 15);
}

TEST_F(TransformersTest, APictureOfABatchIsThePictureAlone) {
  const auto mmdit = or_fail(load_mmdit(model("sd35_transformer"), at::kFloat, at::kCPU));
  const auto latents = at::randn({2, mmdit->config.in_channels, 6, 8});
  const auto timesteps = at::tensor({3.0F, 900.0F});
  const auto prompt = at::randn({2, 5, mmdit->config.joint_attention_dim});
  const auto pooled = at::randn({2, mmdit->config.pooled_projection_dim});

  const auto together = mmdit->forward(latents, timesteps, prompt, pooled);

  EXPECT_EQ(together.sizes(), latents.sizes());
  for (std::int64_t i = 0; i < 2; ++i) {
    const auto row = [&](const at::Tensor& x) { return x.narrow(0, i, 1); };
    const auto alone = mmdit->forward(row(latents), row(timesteps), row(prompt), row(pooled));
    EXPECT_LT(difference(row(together), alone), 1e-5);
  }
}

TEST_F(TransformersTest, LatentsThatDoNotFitTheTableArePutInWords) {
  const auto mmdit = or_fail(load_mmdit(model("sd35_transformer"), at::kFloat, at::kCPU));
  const auto forward = [&](std::int64_t h, std::int64_t w) {
    return mmdit->forward(at::zeros({1, mmdit->config.in_channels, h, w}), at::ones({1}),
                          at::zeros({1, 2, mmdit->config.joint_attention_dim}),
                          at::zeros({1, mmdit->config.pooled_projection_dim}));
  };
  const auto side = mmdit->config.pos_embed_max_size * mmdit->config.patch_size;

  EXPECT_NO_THROW(forward(side, 2));
  EXPECT_THROW(forward(side + mmdit->config.patch_size, 2), c10::Error);
  EXPECT_THROW(forward(3, 2), c10::Error);
}

nn::FluxInput flux_input(const nn::FluxConfig& config, std::int64_t batch) {
  return {.latents = at::randn({batch, 6, config.in_channels}),
          .prompt = at::randn({batch, 4, config.joint_attention_dim}),
          .pooled = at::randn({batch, config.pooled_projection_dim}),
          .timesteps = at::rand({batch}),
          .guidance = config.guidance_embeds ? at::rand({batch}) * 5 : at::Tensor(),
          .image_ids = at::randint(8, {6, 3}).to(at::kFloat),
          .text_ids = at::zeros({4, 3})};
}

TEST_F(TransformersTest, AFluxPictureOfABatchIsThePictureAlone) {
  const auto flux = or_fail(load_flux(model("flux_dev"), at::kFloat, at::kCPU));
  const auto in = flux_input(flux->config, 2);

  const auto together = flux->forward(in);

  for (std::int64_t i = 0; i < 2; ++i) {
    const auto row = [&](const at::Tensor& x) { return x.narrow(0, i, 1); };
    auto one = in;
    one.latents = row(in.latents);
    one.prompt = row(in.prompt);
    one.pooled = row(in.pooled);
    one.timesteps = row(in.timesteps);
    one.guidance = row(in.guidance);
    EXPECT_LT(difference(row(together), flux->forward(one)), 1e-5);
  }
}

TEST_F(TransformersTest, FluxSaysWhetherItTakesAGuidanceScale) {
  const auto dev = or_fail(load_flux(model("flux_dev"), at::kFloat, at::kCPU));
  auto in = flux_input(dev->config, 1);
  in.guidance = at::Tensor();

  EXPECT_THROW(dev->forward(in), c10::Error);
}

TEST_F(TransformersTest, ScoresOfTurnedTokensKnowOnlyTheirDistance) {
  const auto q = at::randn({1, 1, 8});
  const auto k = at::randn({1, 1, 8});
  const auto score = [&](double query_place, double key_place) {
    const auto turned = [](const at::Tensor& x, double place) {
      const auto ids = at::full({1, 2}, place);
      return nn::RotaryTable::of(ids, {4, 4}).rotate(x, 1);
    };
    return (turned(q, query_place) * turned(k, key_place)).sum().item<double>();
  };

  EXPECT_NEAR(score(3, 5), score(1003, 1005), 1e-4);
  EXPECT_GT(std::abs(score(3, 5) - score(3, 6)), 1e-4);
}

TEST_F(TransformersTest, InBfloat16IsCloseToFloat32) {
  const auto wide = or_fail(load_flux(model("flux_dev"), at::kFloat, at::kCPU));
  const auto half = or_fail(load_flux(model("flux_dev"), at::kBFloat16, at::kCPU));
  const auto in = flux_input(wide->config, 1);

  const auto expected = wide->forward(in);
  const auto got = half->forward(in);

  EXPECT_EQ(got.scalar_type(), at::kFloat);  // that of the latents
  EXPECT_LT(difference(got, expected), 0.05 * expected.abs().max().item<double>());
}

}  // namespace

}  // namespace furrow::engine
