// Runs of SDXL: two encoders, pooled prompts, sizes. The model is put together from the small
// random parts of tests/golden.

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"
#include "tests/engine/xl_folder.h"
#include "worker/engine/pipelines/batcher.h"

namespace furrow::engine::pipelines {

namespace {

class XlRun : public XlFolder {
 protected:
  void SetUp() override {
    XlFolder::SetUp();
    auto loaded = load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_ = std::move(*loaded);
  }

  v1::Recipe recipe(const std::string& prompt, std::uint64_t seed) const {
    const auto side = static_cast<std::uint32_t>(8 * model_->vae->config.spatial_factor());
    v1::Recipe recipe = a_recipe();
    recipe.set_prompt(prompt);
    recipe.set_seed(seed);
    recipe.set_width(side);
    recipe.set_height(2 * side);
    return recipe;
  }

  Denoising begun(const v1::Recipe& recipe) const {
    const auto scheduler = diffusion::parse_scheduler_config(model_->scheduler_config).value();
    auto conditioning =
        condition(read_prompts(recipe).value(),
                  {.guidance_scale = recipe.guidance_scale(),
                   .zeros_for_empty_negative = model_->force_zeros_for_empty_prompt},
                  [&](const std::string& text) { return encode_prompt(*model_, text); });
    return begin({UNetDenoiser(*model_->unet), scheduler, *model_->vae}, recipe,
                 std::move(conditioning).value())
        .value();
  }

  std::vector<at::Tensor> latents_of(const std::vector<v1::Recipe>& recipes) const {
    Batcher batcher;
    for (std::size_t i = 0; i < recipes.size(); ++i) batcher.add(i, begun(recipes[i]));
    while (!batcher.at(0).sampler->is_finished()) batcher.tick(UNetDenoiser(*model_->unet));
    std::vector<at::Tensor> latents;
    for (std::size_t i = 0; i < recipes.size(); ++i)
      latents.push_back(batcher.at(i).sampler->latent());
    return latents;
  }

  c10::InferenceMode inference_;
  std::unique_ptr<StableDiffusion> model_;
};

TEST_F(XlRun, TakesBothEncodersAndThePooledPromptOfTheSecond) {
  const auto encoded = encode_prompt(*model_, "a b").value();
  const auto& l = model_->text_encoder->encoder;
  const auto& g = model_->text_encoder_2->encoder;
  const auto ids = at::tensor(model_->text_encoder_2->tokenizer.encode_padded("a b"), at::kLong);
  const auto output = g->forward(ids.unsqueeze(0));

  EXPECT_EQ(encoded.states.size(2), l->config.hidden_size + g->config.hidden_size);
  EXPECT_TRUE(encoded.pooled.equal(*output.text_embeds));
  const auto& hidden = output.hidden_states;
  EXPECT_TRUE(encoded.states.narrow(2, l->config.hidden_size, g->config.hidden_size)
                  .equal(hidden[hidden.size() - 2]));
}

TEST_F(XlRun, APromptOfTwoChunksIsPooledFromTheFirst) {
  std::string words;
  for (int i = 0; i < 80; ++i) words += "a ";
  const auto two = encode_prompt(*model_, words).value();

  EXPECT_EQ(two.states.size(1), 2 * 77);
  EXPECT_TRUE(two.pooled.equal(encode_prompt(*model_, words.substr(0, 150)).value().pooled));
}

TEST_F(XlRun, NoNegativePromptIsZeros) {
  const Denoising empty = begun(recipe("a", 1));
  v1::Recipe with_text = recipe("a", 1);
  with_text.set_negative_prompt("b");
  const Denoising text = begun(with_text);

  EXPECT_EQ(empty.conditioning.negative.at(0).states.abs().max().item<double>(), 0);
  EXPECT_EQ(empty.conditioning.negative.at(0).pooled.abs().max().item<double>(), 0);
  EXPECT_GT(text.conditioning.negative.at(0).states.abs().max().item<double>(), 0);
}

TEST_F(XlRun, SaysThePicturesSize) {
  const v1::Recipe of = recipe("a", 1);
  const Denoising cell = begun(of);

  const auto height = static_cast<float>(of.height());
  const auto width = static_cast<float>(of.width());
  EXPECT_TRUE(cell.positive_added.time_ids.equal(
      at::tensor({height, width, 0.F, 0.F, height, width}).unsqueeze(0)));
}

TEST_F(XlRun, EveryCellOfABatchGetsWhatItGetsAlone) {
  const auto a = recipe("a", 1);
  auto b = recipe("b a", 2);
  b.set_guidance_scale(1);

  const auto together = latents_of({a, b});

  for (std::size_t i = 0; i < 2; ++i) {
    const auto alone = latents_of({i == 0 ? a : b})[0];
    EXPECT_TRUE(at::allclose(together[i], alone, 1e-4, 1e-4))
        << i << ": " << (together[i] - alone).abs().max() << " of " << alone.abs().max();
  }
  EXPECT_TRUE(together[0].isfinite().all().item<bool>());
  EXPECT_FALSE(at::allclose(together[0], together[1], 1e-2, 1e-2));
}

}  // namespace

}  // namespace furrow::engine::pipelines
