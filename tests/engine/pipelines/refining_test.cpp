#include "worker/engine/pipelines/refining.h"

#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/tiny_model.h"

namespace furrow::engine::pipelines {

namespace {

using testing::HasSubstr;

v1::Recipe a_refined_recipe(double switch_at) {
  v1::Recipe recipe = a_tiny_recipe();
  recipe.set_steps(10);
  recipe.mutable_refiner()->set_switch_at(switch_at);
  return recipe;
}

class Refining : public testing::Test {
 protected:
  const TinyModel& model() const {
    static const TinyModel model("unet_sd_pipe");
    return model;
  }

  /// A cell of the recipe's first model, at its end.
  Denoising base(const v1::Recipe& recipe) const {
    Batcher batcher;
    batcher.add(0, model().begun(recipe).value());
    while (!batcher.at(0).is_finished()) batcher.tick(model().denoiser());
    return batcher.remove(0);
  }

  Result<Denoising> refined(const v1::Recipe& recipe) const {
    return begin_refiner(model().run_model(), recipe, model().prompts(recipe.seed()), base(recipe));
  }

  std::string refusal(double switch_at) const {
    const auto begun = model().begun(a_refined_recipe(switch_at));
    return begun ? "none" : begun.error().message;
  }

  c10::InferenceMode inference_;
};

TEST_F(Refining, TheSameModelGoesOnAsIfItHadNotBeenInterrupted) {
  for (const char* sampler : {"euler", "euler_a", "heun"}) {
    v1::Recipe recipe = a_refined_recipe(0.6);
    recipe.set_sampler(sampler);
    v1::Recipe whole = recipe;
    whole.clear_refiner();

    const at::Tensor refined_latent = latent_of(model().denoiser(), refined(recipe).value());
    const at::Tensor whole_latent = latent_of(model().denoiser(), model().begun(whole).value());

    EXPECT_LT((refined_latent - whole_latent).abs().max().item<double>(), 1e-4) << sampler;
  }
}

TEST_F(Refining, TheFirstModelDoesItsShareOfTheNoise) {
  const auto steps = [&](double switch_at) {
    return base(a_refined_recipe(switch_at)).sampler->steps_done();
  };

  EXPECT_EQ(steps(0.5), 5);
  EXPECT_EQ(steps(0.85), 8);
}

TEST_F(Refining, NeitherModelIsLeftWithoutWork) {
  EXPECT_THAT(refusal(0), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal(1), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal(0.9999), HasSubstr("leaves the refiner none"));
  EXPECT_EQ(refusal(0.5), "none");

  v1::Recipe recipe = a_refined_recipe(0.3);
  recipe.mutable_image_to_image()->set_denoising_strength(0.2);
  const auto begun = model().begun(recipe, tiny_pictures());
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, HasSubstr("leaves the model before it none"));
}

TEST_F(Refining, RefusesARefinerOfAnotherKind) {
  const TinyModel inpainting("unet_inpaint9");
  const v1::Recipe recipe = a_refined_recipe(0.5);

  const auto begun = begin_refiner(inpainting.run_model(), recipe,
                                   inpainting.prompts(recipe.seed()), base(recipe));

  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, HasSubstr("takes 9 channels"));
}

}  // namespace

}  // namespace furrow::engine::pipelines
