// The VAE in tiles, one by one, and the small one, on the small random models of tests/golden.

#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine/model/networks.h"
#include "worker/engine/nn/autoencoder_tiling.h"

namespace furrow::engine::nn {

namespace {

using testing::HasSubstr;

const std::string kModels = FURROW_TEST_DATA "/golden/models/";

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

class TiledAutoencoder : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = load_autoencoder(kModels + "vae_sdxl", at::kFloat, at::kCPU);
    ASSERT_TRUE(loaded) << loaded.error().message;
    vae_ = std::move(*loaded);
  }

  const c10::InferenceMode no_gradients_;
  std::unique_ptr<AutoencoderKl> vae_;
};

TEST_F(TiledAutoencoder, APictureOfOneTileIsNotTiled) {
  const AutoencoderTiling tiling = {.sample_size = 64, .latent_size = 8};
  const auto image = at::rand({1, 3, 64, 48}) * 2 - 1;
  const auto latents = at::randn({1, 4, 8, 6});

  EXPECT_EQ(difference(encode_tiled(*vae_, image, tiling), vae_->encode(image)), 0);
  EXPECT_EQ(difference(decode_tiled(*vae_, latents, tiling), vae_->decode(latents)), 0);
}

TEST_F(TiledAutoencoder, SizesComeOutWhateverTheRest) {
  const AutoencoderTiling tiling = {.sample_size = 32, .latent_size = 4};
  for (const std::int64_t rows : {5, 6, 7, 8, 13}) {
    const auto decoded = decode_tiled(*vae_, at::randn({2, 4, rows, 4}), tiling);
    const auto moments = encode_tiled(*vae_, at::randn({1, 3, 32, 8 * rows}), tiling);

    EXPECT_EQ(decoded.sizes(), at::IntArrayRef({2, 3, 8 * rows, 32}));
    EXPECT_EQ(moments.sizes(), at::IntArrayRef({1, 8, 4, rows}));
  }
}

TEST_F(TiledAutoencoder, TilesThatDoNotAddUpAreTold) {
  const auto latents = at::randn({1, 4, 20, 20});
  const auto error = [&](const AutoencoderTiling& tiling) -> std::string {
    try {
      decode_tiled(*vae_, latents, tiling);
    } catch (const c10::Error& e) {
      return e.what_without_backtrace();
    }
    return "no error";
  };

  EXPECT_THAT(error({.sample_size = 64, .latent_size = 8, .overlap = 0.3}),
              HasSubstr("choose another overlap"));
  EXPECT_THAT(error({.sample_size = 64, .latent_size = 8, .overlap = 1}), HasSubstr("below 1"));
  EXPECT_THAT(error({.sample_size = 8, .latent_size = 1, .overlap = 0.5}),
              HasSubstr("cannot overlap"));
}

TEST_F(TiledAutoencoder, TilesAreOfTheSizeThatItWasTrainedOn) {
  const auto tiling = AutoencoderTiling::of(vae_->config);

  EXPECT_EQ(tiling.sample_size, 64);
  EXPECT_EQ(tiling.latent_size, 8);
}

TEST_F(TiledAutoencoder, OneByOneIsTheSameAsTogether) {
  const auto image = at::rand({3, 3, 16, 24}) * 2 - 1;
  const auto latents = at::randn({3, 4, 2, 3});

  EXPECT_LT(difference(encode_sliced(*vae_, image), vae_->encode(image)), 1e-5);
  EXPECT_LT(difference(decode_sliced(*vae_, latents), vae_->decode(latents)), 1e-5);
}

TEST(AutoencoderTiny, LatentsAreScaledToPicturesAndBack) {
  const c10::InferenceMode no_gradients;
  const auto vae = load_autoencoder_tiny(kModels + "taesd", at::kFloat, at::kCPU);
  ASSERT_TRUE(vae) << vae.error().message;
  const auto latents = at::tensor({-2.5, 0.0, 2.5});

  const auto picture = (*vae)->scale_latents(latents);

  EXPECT_GE(picture.min().item<double>(), 0);
  EXPECT_LE(picture.max().item<double>(), 1);
  EXPECT_LT(difference((*vae)->unscale_latents(picture), latents), 1e-6);
  EXPECT_EQ((*vae)->scale_latents(at::tensor({100.0})).item<double>(), 1);
}

TEST(AutoencoderTiny, WrongShapesAreToldWithTheRightOnes) {
  const c10::InferenceMode no_gradients;
  const auto vae = load_autoencoder_tiny(kModels + "taesd_original", at::kFloat, at::kCPU);
  ASSERT_TRUE(vae) << vae.error().message;

  EXPECT_EQ((*vae)->config.spatial_factor(), 8);
  EXPECT_THROW((*vae)->encode(at::rand({1, 4, 16, 16})), c10::Error);
  EXPECT_THROW((*vae)->decode(at::rand({4, 2, 2})), c10::Error);
}

}  // namespace

}  // namespace furrow::engine::nn
