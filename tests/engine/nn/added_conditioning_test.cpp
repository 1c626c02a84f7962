// What conditions a UNet beside the prompt, on the small random models of tests/golden.

#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine/model/networks.h"

namespace furrow::engine {

namespace {

using testing::HasSubstr;

const std::string kModels = FURROW_TEST_DATA "/golden/models/";

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

template <typename T>
T loaded(Result<T> result) {
  EXPECT_TRUE(result) << result.error().message;
  return std::move(*result);
}

Loaded<nn::UNet> unet_of(const std::string& name) {
  return loaded(load_unet(kModels + name, at::kFloat, at::kCPU));
}

template <typename Run>
std::string error_of(Run run) {
  try {
    run();
  } catch (const c10::Error& e) {
    return e.what_without_backtrace();
  }
  return "no error";
}

/// A network of the SDXL kind with a batch of inputs for it.
class SdxlUNet : public testing::Test {
 protected:
  at::Tensor run(std::int64_t first, std::int64_t count) const {
    nn::AddedConditioning added;
    added.text_embeds = text_embeds_.narrow(0, first, count);
    added.time_ids = time_ids_.narrow(0, first, count);
    return unet_->forward(samples_.narrow(0, first, count), timesteps_.narrow(0, first, count),
                          prompts_.narrow(0, first, count), added);
  }

  const c10::InferenceMode no_gradients_;
  const Loaded<nn::UNet> unet_ = unet_of("unet_sdxl");
  const at::Tensor samples_ = at::randn({3, 4, 9, 7});
  const at::Tensor timesteps_ = at::tensor({1.0, 500.5, 999.0});
  const at::Tensor prompts_ = at::randn({3, 7, 36});
  const at::Tensor text_embeds_ = at::randn({3, 16});
  const at::Tensor time_ids_ = at::randint(0, 1024, {3, 6}).to(at::kFloat);
};

TEST_F(SdxlUNet, APictureOfABatchIsThePictureAlone) {
  const auto together = run(0, 3);

  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_LT(difference(run(i, 1), together.narrow(0, i, 1)), 1e-4) << "picture " << i;
  }
}

TEST_F(SdxlUNet, TheSizesMatter) {
  const auto before = run(0, 1);
  time_ids_[0][0].add_(512);

  EXPECT_GT(difference(run(0, 1), before), 1e-4);
}

TEST_F(SdxlUNet, WhatItNeedsIsToldWhenItIsMissing) {
  EXPECT_THAT(error_of([&] { unet_->forward(samples_, timesteps_, prompts_); }),
              HasSubstr("needs text_embeds and time_ids"));
}

TEST_F(SdxlUNet, WidthsThatDoNotAddUpAreTold) {
  nn::AddedConditioning added;
  added.text_embeds = text_embeds_;
  added.time_ids = time_ids_.narrow(1, 0, 5);

  EXPECT_THAT(error_of([&] { unet_->forward(samples_, timesteps_, prompts_, added); }),
              HasSubstr("give 56 numbers a picture and should give 64"));
}

TEST_F(SdxlUNet, AGuidanceEmbeddingHasNoPlace) {
  nn::AddedConditioning added;
  added.text_embeds = text_embeds_;
  added.time_ids = time_ids_;
  added.timestep_cond = at::randn({3, 16});

  EXPECT_THAT(error_of([&] { unet_->forward(samples_, timesteps_, prompts_, added); }),
              HasSubstr("takes no timestep_cond"));
}

TEST(UNet, APooledPromptHasNoPlaceBeforeSdxl) {
  const c10::InferenceMode no_gradients;
  nn::AddedConditioning added;
  added.text_embeds = at::randn({1, 16});
  added.time_ids = at::randn({1, 6});

  EXPECT_THAT(error_of([&] {
                unet_of("unet_sd_pipe")
                    ->forward(at::randn({1, 4, 8, 8}), at::tensor(1.0), at::randn({1, 7, 24}),
                              added);
              }),
              HasSubstr("takes no text_embeds"));
}

TEST(UNet, AGuidanceEmbeddingMayBeLeftOut) {
  const c10::InferenceMode no_gradients;
  const auto unet = unet_of("unet_lcm");
  const auto sample = at::randn({1, 4, 8, 8});
  const auto prompt = at::randn({1, 7, 24});
  nn::AddedConditioning none;
  none.timestep_cond = at::zeros({1, 16});
  nn::AddedConditioning some;
  some.timestep_cond = nn::guidance_embedding(at::tensor({6.5}), 16);

  const auto without = unet->forward(sample, at::tensor(500), prompt);

  // The projection has no bias.
  EXPECT_LT(difference(unet->forward(sample, at::tensor(500), prompt, none), without), 1e-6);
  EXPECT_GT(difference(unet->forward(sample, at::tensor(500), prompt, some), without), 1e-4);
}

/// A ControlNet with the UNet that it is for, and inputs.
class ControlledUNet : public testing::Test {
 protected:
  nn::ControlResiduals residuals(nn::ControlStrength strength) const {
    return controlnet_->forward(sample_, timestep_, prompt_, controlnet_->embed(picture_),
                                strength);
  }

  at::Tensor run(const nn::ControlResiduals& control) const {
    nn::AddedConditioning added;
    added.control = control;
    return unet_->forward(sample_, timestep_, prompt_, added);
  }

  const c10::InferenceMode no_gradients_;
  const Loaded<nn::UNet> unet_ = unet_of("unet_sd_pipe");
  const std::unique_ptr<nn::ControlNet> controlnet_ =
      loaded(load_controlnet(kModels + "controlnet_a", at::kFloat, at::kCPU));
  const at::Tensor sample_ = at::randn({2, 4, 6, 8});
  const at::Tensor timestep_ = at::tensor(500);
  const at::Tensor prompt_ = at::randn({2, 7, 24});
  const at::Tensor picture_ = at::rand({2, 3, 48, 64});
};

TEST_F(ControlledUNet, AtStrengthZeroNothingIsControlled) {
  EXPECT_LT(difference(run(residuals({.scale = 0})), run({})), 1e-6);
}

TEST_F(ControlledUNet, SeveralControlNetsAddUp) {
  auto sum = residuals({.scale = 0.25});
  sum.add(residuals({.scale = 0.5}));
  nn::ControlResiduals from_nothing;
  from_nothing.add(sum);

  EXPECT_LT(difference(run(sum), run(residuals({.scale = 0.75}))), 1e-5);
  EXPECT_LT(difference(run(from_nothing), run(sum)), 1e-6);
}

TEST_F(ControlledUNet, AGuessIsWeakestWhereTheSkipsAreFinest) {
  const auto plain = residuals({.scale = 2});
  const auto guess = residuals({.scale = 2, .guess = true});

  EXPECT_LT(difference(guess.down.front(), plain.down.front() * 0.1), 1e-5);
  EXPECT_LT(difference(guess.mid, plain.mid), 1e-5);
}

TEST_F(ControlledUNet, APictureOfAnotherSizeIsTold) {
  const auto embedded = controlnet_->embed(at::rand({2, 3, 64, 64}));

  EXPECT_THAT(error_of([&] { controlnet_->forward(sample_, timestep_, prompt_, embedded); }),
              HasSubstr("should have the size of the picture"));
  EXPECT_THAT(error_of([&] {
                controlnet_->embed(at::rand({1, 1, 48, 64}));
              }),
              HasSubstr("takes pictures [B, 3, H, W]"));
}

TEST_F(ControlledUNet, ResidualsOfAnotherUNetAreTold) {
  auto control = residuals({});
  control.down.pop_back();

  EXPECT_THAT(error_of([&] { run(control); }), HasSubstr("the ControlNet gives 5 residuals"));
}

TEST(T2iAdapter, FeaturesOfNothingChangeNothing) {
  const c10::InferenceMode no_gradients;
  const auto adapter =
      loaded(load_t2i_adapter(kModels + "t2i_adapter_light", at::kFloat, at::kCPU));
  const auto unet = unet_of("unet_sd1");
  const auto sample = at::randn({1, 4, 8, 8});
  const auto prompt = at::randn({1, 7, 24});
  nn::AddedConditioning added;
  for (const auto& feature : adapter->forward(at::rand({1, 1, 64, 64}))) {
    added.adapter_features.push_back(feature * 0);
  }

  EXPECT_LT(difference(unet->forward(sample, at::tensor(1), prompt, added),
                       unet->forward(sample, at::tensor(1), prompt)),
            1e-6);
}

TEST(T2iAdapter, APictureThatCannotBeFoldedIsTold) {
  const c10::InferenceMode no_gradients;
  const auto adapter =
      loaded(load_t2i_adapter(kModels + "t2i_adapter_light", at::kFloat, at::kCPU));

  EXPECT_THAT(error_of([&] {
                adapter->forward(at::rand({1, 1, 60, 64}));
              }),
              HasSubstr("multiples of 8"));
}

/// An IP-Adapter with the UNet that it is for, and inputs.
class PicturePrompt : public testing::TestWithParam<std::string> {
 protected:
  at::Tensor run(const std::vector<nn::ImagePrompt>& prompts) const {
    nn::AddedConditioning added;
    added.image_prompts = prompts;
    return unet_->forward(sample_, timestep_, prompt_, added);
  }

  at::Tensor embeddings(std::int64_t pictures) const {
    return GetParam() == "plus" ? at::randn({2, pictures, 17, 20}) : at::randn({2, pictures, 20});
  }

  const c10::InferenceMode no_gradients_;
  const Loaded<nn::UNet> unet_ = unet_of("unet_sd_pipe");
  const std::unique_ptr<nn::IpAdapter> adapter_ = loaded(load_ip_adapter(
      FURROW_TEST_DATA "/golden/ip_adapter/" + GetParam() + "/ip_adapter.safetensors", at::kFloat,
      at::kCPU));
  const at::Tensor sample_ = at::randn({2, 4, 6, 8});
  const at::Tensor timestep_ = at::tensor(500);
  const at::Tensor prompt_ = at::randn({2, 7, 24});
};

INSTANTIATE_TEST_SUITE_P(Kinds, PicturePrompt, testing::Values("base", "plus"));

TEST_P(PicturePrompt, AtScaleZeroItChangesNothing) {
  const auto prompt = adapter_->prompt(adapter_->tokens(embeddings(1)), 0);

  EXPECT_LT(difference(run({prompt}), run({})), 1e-6);
}

TEST_P(PicturePrompt, SeveralPicturesAreMoreTokens) {
  const auto tokens = adapter_->tokens(embeddings(3));

  EXPECT_EQ(tokens.size(1), 3);
  EXPECT_EQ(adapter_->prompt(tokens, 1).layers.front().keys.size(1), 3 * tokens.size(2));
  EXPECT_GT(difference(run({adapter_->prompt(tokens, 1)}), run({})), 1e-5);
}

TEST_P(PicturePrompt, TwoAdaptersAddUp) {
  const auto half = adapter_->prompt(adapter_->tokens(embeddings(1)), 0.5);
  auto whole = half;
  for (auto& layer : whole.layers) layer.values = layer.values * 2;

  EXPECT_LT(difference(run({half, half}), run({whole})), 1e-5);
}

TEST_P(PicturePrompt, AnAdapterForAnotherUNetIsTold) {
  auto prompt = adapter_->prompt(adapter_->tokens(embeddings(1)), 1);
  prompt.layers.pop_back();

  EXPECT_THAT(error_of([&] { run({prompt}); }), HasSubstr("7 attentions for an IP-Adapter"));
}

}  // namespace

}  // namespace furrow::engine
