#include "worker/engine/pipelines/control.h"

#include <limits>
#include <memory>
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

class AddControl : public testing::Test {
 protected:
  const TinyModel& model() const {
    static const TinyModel model("unet_sd_pipe");
    return model;
  }

  static std::shared_ptr<const nn::ControlNet> net(const char* name = "controlnet_a") {
    return load_controlnet(TinyModel::folder(name), at::kFloat, at::kCPU).value();
  }

  Denoising cell(std::uint64_t seed = 1) const {
    v1::Recipe recipe = a_tiny_recipe();
    recipe.set_seed(seed);
    return model().begun(recipe).value();
  }

  Denoising controlled(const ControlSettings& settings) const {
    Denoising begun = cell();
    EXPECT_TRUE(add_control(begun, net(), tiny_pictures().picture, settings));
    return begun;
  }

  std::string refusal(const ControlSettings& settings, const at::Tensor& picture,
                      const char* name = "controlnet_a") const {
    Denoising begun = cell();
    const auto added = add_control(begun, net(name), picture, settings);
    return added ? "none" : added.error().message;
  }

  c10::InferenceMode inference_;
};

TEST_F(AddControl, GuidesOnlyWithinItsWindow) {
  const at::Tensor alone = latent_of(model().denoiser(), cell());

  const at::Tensor whole = latent_of(model().denoiser(), controlled({}));
  const at::Tensor half = latent_of(model().denoiser(), controlled({.window = {0, 0.5}}));
  const at::Tensor never = latent_of(model().denoiser(), controlled({.window = {0.1, 0.2}}));

  EXPECT_FALSE(at::allclose(whole, alone, 1e-3, 1e-3));
  EXPECT_FALSE(at::allclose(half, whole, 1e-3, 1e-3));
  EXPECT_FALSE(at::allclose(half, alone, 1e-3, 1e-3));
  EXPECT_TRUE(never.equal(alone));
}

TEST_F(AddControl, TwoHalvesOfANetAreTheWhole) {
  Denoising halves = controlled({.scale = 0.25});
  ASSERT_TRUE(add_control(halves, net(), tiny_pictures().picture, {.scale = 0.75}));

  const at::Tensor sum = latent_of(model().denoiser(), std::move(halves));
  const at::Tensor whole = latent_of(model().denoiser(), controlled({}));

  EXPECT_LT((sum - whole).abs().max().item<double>(), 1e-4);
}

TEST_F(AddControl, CellsWithAndWithoutANetShareABatch) {
  Batcher batcher;
  batcher.add(0, controlled({}));
  batcher.add(1, cell(2));
  batcher.add(2, controlled({.guess = true}));

  for (int tick = 0; tick < 4; ++tick) batcher.tick(model().denoiser());

  const auto difference = [&](Batcher::CellId id, Denoising alone) {
    const at::Tensor latent = latent_of(model().denoiser(), std::move(alone));
    return (batcher.at(id).sampler->latent() - latent).abs().max().item<double>();
  };
  EXPECT_LT(difference(0, controlled({})), 1e-4);
  EXPECT_LT(difference(1, cell(2)), 1e-4);
  EXPECT_LT(difference(2, controlled({.guess = true})), 1e-4);
}

TEST_F(AddControl, NamesWhatDoesNotFit) {
  const at::Tensor picture = tiny_pictures().picture;

  EXPECT_THAT(refusal({}, at::zeros({1, 3, 48, 64})), HasSubstr("control picture: it is 64x48"));
  EXPECT_THAT(refusal({}, at::zeros({1, 1, 48, 32})), HasSubstr("takes 3"));
  EXPECT_THAT(refusal({.window = {0.5, 0.5}}, picture), HasSubstr("window 0.5 to 0.5"));
  EXPECT_THAT(refusal({.window = {0, 1.5}}, picture), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal({.scale = std::numeric_limits<double>::infinity()}, picture),
              HasSubstr("ControlNet scale"));
  EXPECT_THAT(refusal({}, picture, "controlnet_sdxl"), HasSubstr("another kind of model"));
}

}  // namespace

}  // namespace furrow::engine::pipelines
