#include "worker/engine/pipelines/begin.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/tiny_model.h"
#include "worker/engine/pipelines/image_to_image.h"

namespace furrow::engine::pipelines {

namespace {

using testing::AllOf;
using testing::HasSubstr;

class Begin : public testing::Test {
 protected:
  const TinyModel& ordinary() const {
    static const TinyModel model("unet_sd_pipe");
    return model;
  }

  const TinyModel& inpainting() const {
    static const TinyModel model("unet_inpaint9");
    return model;
  }

  const TinyModel& instructed() const {
    static const TinyModel model("unet_ip2p8");
    return model;
  }

  static std::string refusal(const TinyModel& model, const v1::Recipe& recipe,
                             const Pictures& pictures = tiny_pictures()) {
    const auto begun = model.begun(recipe, pictures);
    return begun ? "none" : begun.error().message;
  }

  c10::InferenceMode inference_;
};

/// Cells of every kind that goes with an ordinary network.
std::vector<v1::Recipe> recipes_of_every_kind() {
  std::vector<v1::Recipe> recipes = {a_tiny_recipe(), a_tiny_recipe_with_picture(0.5),
                                     a_tiny_recipe_with_picture(1), a_tiny_recipe_with_mask(0.75),
                                     a_tiny_recipe_with_mask(1)};
  recipes[1].set_sampler("heun");
  recipes[3].set_sampler("euler_a");
  recipes[3].mutable_image_to_image()->mutable_inpaint()->set_content(v1::MASKED_CONTENT_NOISE);
  recipes.push_back(a_tiny_recipe_with_picture(0.8));
  recipes.back().set_guidance_end(0.5);
  recipes.back().set_guidance_rescale(0.7);
  for (std::size_t i = 0; i < recipes.size(); ++i) recipes[i].set_seed(i);
  return recipes;
}

TEST_F(Begin, CellsOfEveryKindGetInABatchWhatTheyGetAlone) {
  const auto recipes = recipes_of_every_kind();
  Batcher batcher;
  for (std::size_t i = 0; i < recipes.size(); ++i)
    batcher.add(i, ordinary().begun(recipes[i], tiny_pictures()).value());

  for (int tick = 0; tick < 8; ++tick) batcher.tick(ordinary().denoiser());

  for (std::size_t i = 0; i < recipes.size(); ++i) {
    ASSERT_TRUE(batcher.at(i).is_finished()) << i;
    const at::Tensor alone =
        latent_of(ordinary().denoiser(), ordinary().begun(recipes[i], tiny_pictures()).value());
    EXPECT_LT((batcher.at(i).sampler->latent() - alone).abs().max().item<double>(), 1e-4) << i;
  }
}

TEST_F(Begin, StrengthDecidesHowManyStepsAreLeft) {
  const auto steps_left = [&](double strength) {
    v1::Recipe recipe = a_tiny_recipe_with_picture(strength);
    recipe.set_steps(10);
    const Denoising cell = ordinary().begun(recipe, tiny_pictures()).value();
    return cell.sampler->step_count() - cell.sampler->steps_done();
  };

  EXPECT_EQ(steps_left(1), 10);
  EXPECT_EQ(steps_left(0.39), 3);
  EXPECT_EQ(steps_left(0.1), 1);
}

TEST_F(Begin, DrawsForThePicturesLatentBeforeTheNoise) {
  const v1::Recipe recipe = a_tiny_recipe_with_picture(0.5);
  const Denoising cell = ordinary().begun(recipe, tiny_pictures()).value();
  diffusion::NoiseSource noise(recipe.seed());
  const auto shape = cell.sampler->latent().sizes();

  const at::Tensor of_picture =
      encode_picture(ordinary().vae(), tiny_pictures().picture, noise.normal(shape));
  const at::Tensor expected =
      of_picture + noise.normal(shape) * cell.sampler->sigma_of(cell.first_call);

  EXPECT_EQ(cell.first_call, 2);
  EXPECT_TRUE(at::allclose(cell.sampler->latent(), expected, 1e-5, 1e-5));
}

TEST_F(Begin, ALatentUpscaleTakesAPictureOfAnySize) {
  v1::Recipe recipe = a_tiny_recipe_with_picture(0.5);
  recipe.mutable_image_to_image()->set_resize_mode(v1::RESIZE_MODE_LATENT);
  Pictures small;
  small.picture = at::full({1, 3, 16, 24}, 0.5);

  const Denoising cell = ordinary().begun(recipe, small).value();

  EXPECT_EQ(cell.sampler->latent().size(2), 6);
  EXPECT_EQ(cell.sampler->latent().size(3), 4);
  recipe.mutable_image_to_image()->mutable_inpaint();
  EXPECT_THAT(refusal(ordinary(), recipe), HasSubstr("resize mode"));
}

TEST_F(Begin, GoesOnFromALatentThatIsThereAlready) {
  Pictures pictures;
  pictures.latent = at::full({1, 4, 6, 4}, 0.5);
  const v1::Recipe recipe = a_tiny_recipe_with_picture(0.5);

  const Denoising cell = ordinary().begun(recipe, pictures).value();
  diffusion::NoiseSource noise(recipe.seed());
  const at::Tensor added =
      noise.normal(pictures.latent.sizes()) * cell.sampler->sigma_of(cell.first_call);

  EXPECT_TRUE(at::allclose(cell.sampler->latent(), pictures.latent + added, 1e-5, 1e-5));
}

TEST_F(Begin, InpaintingKeepsWhatIsNotMasked) {
  const at::Tensor latent =
      latent_of(ordinary().denoiser(),
                ordinary().begun(a_tiny_recipe_with_mask(0.75), tiny_pictures()).value());
  const auto cell = ordinary().begun(a_tiny_recipe_with_mask(0.75), tiny_pictures()).value();
  const std::int64_t half = latent.size(3) / 2;

  EXPECT_TRUE(latent.narrow(3, 0, half).equal(cell.known->latent.narrow(3, 0, half)));
  EXPECT_FALSE(at::allclose(latent.narrow(3, half, half), cell.known->latent.narrow(3, half, half),
                            1e-2, 1e-2));
}

TEST_F(Begin, MaskedContentChangesOnlyWhatIsMasked) {
  const auto start = [&](v1::MaskedContent content) {
    v1::Recipe recipe = a_tiny_recipe_with_mask(0.5);
    recipe.mutable_image_to_image()->mutable_inpaint()->set_content(content);
    return ordinary().begun(recipe, tiny_pictures()).value().sampler->latent();
  };
  const at::Tensor original = start(v1::MASKED_CONTENT_ORIGINAL);
  const std::int64_t half = original.size(3) / 2;

  for (const auto content : {v1::MASKED_CONTENT_NOISE, v1::MASKED_CONTENT_NOTHING}) {
    const at::Tensor other = start(content);
    EXPECT_TRUE(other.narrow(3, 0, half).equal(original.narrow(3, 0, half)));
    EXPECT_FALSE(at::allclose(other.narrow(3, half, half), original.narrow(3, half, half)));
  }
  EXPECT_FALSE(at::allclose(start(v1::MASKED_CONTENT_NOISE), start(v1::MASKED_CONTENT_NOTHING)));
  EXPECT_TRUE(start(v1::MASKED_CONTENT_FILL).equal(original));
}

TEST_F(Begin, AnInpaintingNetworkSeesMaskAndMaskedPicture) {
  const auto cell = inpainting().begun(a_tiny_recipe_with_mask(1), tiny_pictures()).value();
  const at::Tensor& seen = cell.extra.channels;

  EXPECT_FALSE(cell.known);
  EXPECT_EQ(seen.size(1), 1 + cell.sampler->latent().size(1));
  EXPECT_EQ(seen.select(1, 0).narrow(2, 0, 2).sum().item<double>(), 0);
  EXPECT_TRUE((seen.select(1, 0).narrow(2, 2, 2) == 1).all().item<bool>());
  EXPECT_TRUE(latent_of(inpainting().denoiser(),
                        inpainting().begun(a_tiny_recipe_with_mask(1), tiny_pictures()).value())
                  .isfinite()
                  .all()
                  .item<bool>());
}

TEST_F(Begin, AnInpaintingNetworkWithoutAPictureMakesAllOfIt) {
  const auto cell = inpainting().begun(a_tiny_recipe()).value();

  EXPECT_TRUE((cell.extra.channels.select(1, 0) == 1).all().item<bool>());
  EXPECT_TRUE(latent_of(inpainting().denoiser(), inpainting().begun(a_tiny_recipe()).value())
                  .isfinite()
                  .all()
                  .item<bool>());
  // The picture's noise is that of its seed, whatever the network.
  EXPECT_TRUE(
      cell.sampler->latent().equal(ordinary().begun(a_tiny_recipe()).value().sampler->latent()));
}

TEST_F(Begin, AnInpaintingNetworkWithoutAMaskSeesNothingOfThePicture) {
  const auto with_picture =
      inpainting().begun(a_tiny_recipe_with_picture(0.5), tiny_pictures()).value();

  EXPECT_TRUE((with_picture.extra.channels.select(1, 0) == 1).all().item<bool>());
}

TEST_F(Begin, InstructPix2PixIsGuidedByThePicture) {
  v1::Recipe recipe = a_tiny_recipe_with_picture(1);
  const auto by_default = instructed().begun(recipe, tiny_pictures()).value();
  recipe.mutable_image_to_image()->set_image_guidance_scale(2);
  auto more = instructed().begun(recipe, tiny_pictures()).value();
  recipe.mutable_image_to_image()->set_image_guidance_scale(1);
  auto plain = instructed().begun(recipe, tiny_pictures()).value();

  EXPECT_EQ(by_default.extra.guidance_scale, 1.5);
  EXPECT_EQ(more.rows(), 3);
  EXPECT_FALSE(at::allclose(latent_of(instructed().denoiser(), std::move(more)),
                            latent_of(instructed().denoiser(), std::move(plain)), 1e-3, 1e-3));
}

TEST_F(Begin, RefusesANetworkThatCannotDoWithoutAPicture) {
  EXPECT_THAT(refusal(instructed(), a_tiny_recipe(), {}),
              AllOf(HasSubstr("InstructPix2Pix"), HasSubstr("give it a picture")));
  EXPECT_THAT(refusal(instructed(), a_tiny_recipe_with_mask(1)), HasSubstr("mask"));
}

TEST_F(Begin, NamesWhatIsWrongWithThePictures) {
  Pictures wide = tiny_pictures();
  wide.picture = at::zeros({1, 3, 48, 64});
  Pictures small_mask = tiny_pictures();
  small_mask.mask = at::zeros({1, 1, 6, 4});

  EXPECT_THAT(refusal(ordinary(), a_tiny_recipe_with_picture(0.5), {}),
              HasSubstr("picture: it is missing"));
  EXPECT_THAT(refusal(ordinary(), a_tiny_recipe_with_picture(0.5), wide),
              HasSubstr("picture: it is 64x48, and the recipe's size is 32x48"));
  EXPECT_THAT(refusal(ordinary(), a_tiny_recipe_with_mask(0.5), small_mask),
              HasSubstr("mask: it is 4x6"));
}

TEST_F(Begin, NamesTheNumberThatItCannotUse) {
  const auto of = [&](const auto& change) {
    v1::Recipe recipe = a_tiny_recipe_with_picture(0.5);
    change(recipe);
    return refusal(ordinary(), recipe);
  };

  for (const double strength : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THAT(of([&](auto& r) { r.mutable_image_to_image()->set_denoising_strength(strength); }),
                HasSubstr("denoising strength"));
  EXPECT_THAT(of([](auto& r) { r.mutable_image_to_image()->set_denoising_strength(0); }),
              HasSubstr("leaves none to do"));
  EXPECT_THAT(of([](auto& r) { r.set_guidance_rescale(1.5); }), HasSubstr("guidance rescale 1.5"));
  EXPECT_THAT(of([](auto& r) { r.set_guidance_end(-1); }), HasSubstr("guidance end -1"));
}

TEST_F(Begin, AsksNoNegativePromptAfterTheEndOfGuidance) {
  v1::Recipe recipe = a_tiny_recipe();
  recipe.set_guidance_end(0.5);
  Batcher ends;
  Batcher follows;
  ends.add(0, ordinary().begun(recipe).value());
  follows.add(0, ordinary().begun(a_tiny_recipe()).value());
  for (int step = 0; step < 2; ++step) {
    ends.tick(ordinary().denoiser());
    follows.tick(ordinary().denoiser());
  }
  EXPECT_TRUE(ends.at(0).sampler->latent().equal(follows.at(0).sampler->latent()));

  Denoising unguided = follows.remove(0);
  unguided.conditioning.negative = {};
  unguided.guidance_scale = 1;
  follows.add(0, std::move(unguided));
  for (int step = 0; step < 2; ++step) {
    ends.tick(ordinary().denoiser());
    follows.tick(ordinary().denoiser());
  }

  EXPECT_TRUE(ends.at(0).sampler->latent().equal(follows.at(0).sampler->latent()));
}

}  // namespace

}  // namespace furrow::engine::pipelines
