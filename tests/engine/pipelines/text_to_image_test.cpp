#include "worker/engine/pipelines/text_to_image.h"

#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"
#include "worker/engine/pipelines/decode.h"

namespace furrow::engine::pipelines {

namespace {

using testing::HasSubstr;

TEST(TextToImage, BeginsWithTheSameNoiseWhateverTheSampler) {
  const c10::InferenceMode no_gradients;
  v1::Recipe recipe = a_recipe();
  diffusion::NoiseSource noise(recipe.seed());
  const at::Tensor expected = init_latent(noise, {1, 4, 8, 8});

  for (const char* sampler : {"euler", "euler_a", "heun", "ddim", "dpmpp_2m", "dpmpp_2m_sde"}) {
    recipe.set_sampler(sampler);
    const Denoising cell = begin(recipe).value();

    EXPECT_TRUE(at::allclose(cell.sampler->latent() / cell.sampler->initial_scale(), expected));
  }
}

TEST(TextToImage, TakesSixtyFourBitSeeds) {
  const c10::InferenceMode no_gradients;
  v1::Recipe recipe = a_recipe();
  recipe.set_seed(0xFFFFFFFFFFFFFFFFULL);

  EXPECT_TRUE(begin(recipe).has_value());
}

TEST(TextToImage, NamesTheParameterThatItCannotUse) {
  const auto refusal = [](const auto& change) {
    v1::Recipe recipe = a_recipe();
    change(recipe);
    return begin(recipe).error();
  };

  EXPECT_THAT(refusal([](auto& r) { r.set_width(100); }).message, HasSubstr("size 100x64"));
  EXPECT_THAT(refusal([](auto& r) { r.set_width(100); }).message, HasSubstr("multiples of 8"));
  EXPECT_THAT(refusal([](auto& r) { r.set_height(0); }).message, HasSubstr("size 64x0"));
  EXPECT_THAT(refusal([](auto& r) { r.set_width(1 << 20); }).message, HasSubstr("to 8192"));
  EXPECT_THAT(refusal([](auto& r) { r.set_steps(0); }).message, HasSubstr("steps: 0"));
  EXPECT_THAT(refusal([](auto& r) { r.set_steps(5000); }).message, HasSubstr("steps: 5000"));
  EXPECT_THAT(refusal([](auto& r) { r.set_sampler("eular"); }).message, HasSubstr("\"eular\""));
  EXPECT_THAT(refusal([](auto& r) { r.set_schedule("automatic"); }).message,
              HasSubstr("\"automatic\""));
  EXPECT_THAT(refusal([](auto& r) { r.set_guidance_scale(std::nan("")); }).message,
              HasSubstr("guidance scale"));
  EXPECT_EQ(refusal([](auto& r) { r.set_steps(0); }).kind, ErrorKind::Invalid);
}

TEST(Decode, RoundsHalfToEvenAndKeepsRowsFromTheTop) {
  at::Tensor picture = at::zeros({1, 3, 2, 1});
  picture[0][0][0][0] = 0.5 / 255;  // rounds to 0
  picture[0][1][0][0] = 1.5 / 255;  // rounds to 2
  picture[0][2][1][0] = 1.0;

  const auto images = to_images(picture);

  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].width, 1);
  EXPECT_EQ(images[0].height, 2);
  EXPECT_EQ(images[0].rgb, (std::vector<std::uint8_t>{0, 2, 0, 0, 0, 255}));
}

}  // namespace

}  // namespace furrow::engine::pipelines
