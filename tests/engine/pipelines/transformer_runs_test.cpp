// Runs of the networks of flow matching: SD3 and Flux, with the small random models of
// tests/golden.

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/tiny_model.h"
#include "worker/engine/diffusion/flow_sigmas.h"
#include "worker/engine/model/transformers.h"

namespace furrow::engine::pipelines {

namespace {

using testing::HasSubstr;

diffusion::SchedulerConfig a_flow(bool is_dynamic) {
  return diffusion::parse_scheduler_config({{"_class_name", "FlowMatchEulerDiscreteScheduler"},
                                            {"shift", 3.0},
                                            {"use_dynamic_shifting", is_dynamic}})
      .value();
}

Conditioning prompts(std::int64_t width, std::int64_t pooled_width, std::uint64_t seed) {
  diffusion::NoiseSource noise(seed);
  const auto text = [&] {
    return TextConditioning{noise.normal({1, 5, width}), noise.normal({1, pooled_width})};
  };
  Conditioning conditioning;
  conditioning.positives = {{text()}};
  conditioning.negative = text();
  return conditioning;
}

class FluxRun : public testing::Test {
 protected:
  Result<Denoising> begun(const v1::Recipe& recipe, const Pictures& pictures = {}) const {
    return begin({denoiser_, scheduler_, *vae_}, recipe,
                 prompts(flux_->config.joint_attention_dim, flux_->config.pooled_projection_dim,
                         recipe.seed()),
                 pictures);
  }

  c10::InferenceMode inference_;
  Loaded<nn::FluxTransformer> flux_ =
      load_flux(TinyModel::folder("flux_dev"), at::kFloat, at::kCPU).value();
  std::unique_ptr<nn::AutoencoderKl> vae_ =
      load_autoencoder(TinyModel::folder("vae_flux"), at::kFloat, at::kCPU).value();
  FluxDenoiser denoiser_{*flux_};
  diffusion::SchedulerConfig scheduler_ = a_flow(/*is_dynamic=*/true);
};

TEST_F(FluxRun, IsToldItsGuidanceAndAskedOnce) {
  const Denoising cell = begun(a_tiny_recipe()).value();

  EXPECT_EQ(cell.embedded_guidance, 3);
  EXPECT_EQ(cell.rows(), 1);
  EXPECT_TRUE(latent_of(denoiser_, begun(a_tiny_recipe()).value()).isfinite().all().item<bool>());
}

TEST_F(FluxRun, TakesSidesOfWholeTokens) {
  const std::int64_t side = 2 * vae_->config.spatial_factor();
  v1::Recipe recipe = a_tiny_recipe();
  recipe.set_width(static_cast<std::uint32_t>(side + side / 2));

  const auto refused = begun(recipe);

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("multiples of " + std::to_string(side)));
}

TEST_F(FluxRun, ShiftsItsLevelsByThePicturesSize) {
  v1::Recipe large = a_tiny_recipe();
  large.set_width(256);
  large.set_height(256);

  const Denoising small_cell = begun(a_tiny_recipe()).value();
  const Denoising large_cell = begun(large).value();

  EXPECT_GT(large_cell.sampler->sigma_of(2), small_cell.sampler->sigma_of(2));
}

TEST_F(FluxRun, CellsOfOtherKindsShareABatch) {
  const v1::Recipe from_picture = a_tiny_recipe_with_picture(0.6);
  const v1::Recipe from_mask = a_tiny_recipe_with_mask(0.8);
  Batcher batcher;
  batcher.add(0, begun(a_tiny_recipe()).value());
  batcher.add(1, begun(from_picture, tiny_pictures()).value());
  batcher.add(2, begun(from_mask, tiny_pictures()).value());

  for (int tick = 0; tick < 4; ++tick) batcher.tick(denoiser_);

  const auto difference = [&](Batcher::CellId id, const v1::Recipe& recipe) {
    const at::Tensor alone = latent_of(denoiser_, begun(recipe, tiny_pictures()).value());
    return (batcher.at(id).sampler->latent() - alone).abs().max().item<double>();
  };
  EXPECT_LT(difference(0, a_tiny_recipe()), 1e-4);
  EXPECT_LT(difference(1, from_picture), 1e-4);
  EXPECT_LT(difference(2, from_mask), 1e-4);
}

class Sd3Run : public testing::Test {
 protected:
  Result<Denoising> begun(const v1::Recipe& recipe) const {
    return begin({denoiser_, scheduler_, *vae_}, recipe,
                 prompts(mmdit_->config.joint_attention_dim, mmdit_->config.pooled_projection_dim,
                         recipe.seed()));
  }

  c10::InferenceMode inference_;
  Loaded<nn::Mmdit> mmdit_ =
      load_mmdit(TinyModel::folder("sd35_transformer"), at::kFloat, at::kCPU).value();
  std::unique_ptr<nn::AutoencoderKl> vae_ =
      load_autoencoder(TinyModel::folder("vae_sd3"), at::kFloat, at::kCPU).value();
  MmditDenoiser denoiser_{*mmdit_};
  diffusion::SchedulerConfig scheduler_ = a_flow(/*is_dynamic=*/false);
};

TEST_F(Sd3Run, IsGuidedByItsNegativePrompt) {
  const Denoising cell = begun(a_tiny_recipe()).value();

  EXPECT_FALSE(cell.embedded_guidance);
  EXPECT_EQ(cell.rows(), 2);
  EXPECT_TRUE(latent_of(denoiser_, begun(a_tiny_recipe()).value()).isfinite().all().item<bool>());
}

TEST_F(Sd3Run, SkipsLayersOnlyWithinTheirWindow) {
  const auto skipping = [&](RunWindow window) {
    Denoising cell = begun(a_tiny_recipe()).value();
    cell.skip_layers = SkipLayerGuidance{.layers = {1}, .window = window};
    return latent_of(denoiser_, std::move(cell));
  };
  const at::Tensor plain = latent_of(denoiser_, begun(a_tiny_recipe()).value());

  EXPECT_FALSE(at::allclose(skipping({0, 1}), plain, 1e-3, 1e-3));
  EXPECT_TRUE(skipping({0.01, 0.02}).equal(plain));
}

TEST_F(Sd3Run, TakesNoLargerPictureThanItsTableOfPlaces) {
  const auto& config = mmdit_->config;
  const auto most = config.patch_size * config.pos_embed_max_size * vae_->config.spatial_factor();
  v1::Recipe recipe = a_tiny_recipe();
  recipe.set_width(static_cast<std::uint32_t>(2 * most));

  const auto refused = begun(recipe);

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("at most " + std::to_string(most)));
}

}  // namespace

}  // namespace furrow::engine::pipelines
