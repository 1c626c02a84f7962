#include "common/weights/single_file_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::weights {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What makes a checkpoint a UNet's at all.
TensorShapes unet(const Shape& first_convolution = {320, 4, 3, 3}) {
  return {{"model.diffusion_model.input_blocks.0.0.weight", first_convolution},
          {"model.diffusion_model.middle_block.1.proj_in.weight", {8, 8, 1, 1}}};
}

ModelTraits recognised(const TensorShapes& tensors) {
  const auto traits = recognise_model(tensors);
  EXPECT_TRUE(traits) << traits.error().message;
  return traits ? *traits : ModelTraits{};
}

TensorShapes with(TensorShapes tensors, const std::string& name, const Shape& shape = {1}) {
  tensors.emplace(name, shape);
  return tensors;
}

TEST(ModelFamily, IsToldByTheTextEncoder) {
  EXPECT_EQ(recognised(with(unet(), "cond_stage_model.transformer.x")).family, ModelFamily::Sd1);
  EXPECT_EQ(recognised(with(unet(), "cond_stage_model.model.x")).family, ModelFamily::Sd2);
  EXPECT_EQ(recognised(with(unet(), "conditioner.embedders.1.model.x")).family, ModelFamily::Sdxl);
  EXPECT_EQ(recognised(with(unet(), "conditioner.embedders.0.model.x")).family,
            ModelFamily::SdxlRefiner);
}

TEST(ModelFamily, OfAUNetAloneIsToldByWhatItTakes) {
  const std::string prefix = "model.diffusion_model.";
  const TensorShapes linear = {{prefix + "input_blocks.0.0.weight", {8, 4, 3, 3}},
                               {prefix + "middle_block.1.proj_in.weight", {8, 8}}};
  const auto xl = with(linear, prefix + "label_emb.0.0.weight", {16, 32});
  const auto keys = prefix + "middle_block.1.transformer_blocks.0.attn2.to_k.weight";

  EXPECT_EQ(recognised(unet()).family, ModelFamily::Sd1);
  EXPECT_EQ(recognised(linear).family, ModelFamily::Sd2);
  EXPECT_EQ(recognised(with(xl, keys, {1280, 2048})).family, ModelFamily::Sdxl);
  EXPECT_EQ(recognised(with(xl, keys, {1536, 1280})).family, ModelFamily::SdxlRefiner);
}

TEST(ModelFamily, OfTransformersIsToldByTheirBlocks) {
  const auto flux = recognised({{"double_blocks.0.img_attn.qkv.weight", {9, 3}},
                                {"guidance_in.in_layer.weight", {3, 256}},
                                {"img_in.weight", {3, 64}}});
  const auto sd3 =
      recognised({{"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", {9, 3}},
                  {"model.diffusion_model.x_embedder.proj.weight", {3, 16, 2, 2}}});

  EXPECT_EQ(flux.family, ModelFamily::Flux);
  EXPECT_TRUE(flux.embeds_guidance);
  EXPECT_EQ(flux.in_channels, 64);
  EXPECT_EQ(sd3.family, ModelFamily::Sd3);
  EXPECT_EQ(sd3.in_channels, 16);
}

TEST(ModelFamily, InpaintingIsToldByTheFirstConvolution) {
  EXPECT_EQ(recognised(unet({320, 9, 3, 3})).in_channels, 9);
}

TEST(ModelFamily, MarkersOfTheCommunityAreRead) {
  const auto traits = recognised(with(with(unet(), "v_pred"), "ztsnr"));

  EXPECT_TRUE(traits.predicts_v);
  EXPECT_TRUE(traits.has_zero_terminal_snr);
}

TEST(ModelFamily, WhatIsNoCheckpointIsCalledByItsName) {
  const auto message = [](const TensorShapes& tensors) {
    const auto traits = recognise_model(tensors);
    return traits ? std::string("taken for a model") : traits.error().message;
  };
  EXPECT_THAT(message({{"lora_unet_x.lora_down.weight", {4, 8}}}), HasSubstr("LoRA"));
  EXPECT_THAT(message({{"down_blocks.0.resnets.0.conv1.weight", {8, 8, 3, 3}}, {"x", {}}}),
              HasSubstr("diffusers folder"));
  EXPECT_THAT(message({{"first_stage_model.encoder.conv_in.weight", {8, 3, 3, 3}}, {"x", {}}}),
              HasSubstr("autoencoder alone"));
  EXPECT_THAT(message({{"emb_params", {2, 768}}}), HasSubstr("embedding"));
  EXPECT_THAT(message({{"a", {}}, {"b", {}}}), HasSubstr("no model that is known"));
}

// The second model's encoder: as released, one layer is never run.
TensorShapes sd2(int layers) {
  auto tensors = with(unet(), "cond_stage_model.model.ln_final.weight", {4});
  for (int i = 0; i < layers; ++i) {
    tensors.emplace(
        "cond_stage_model.model.transformer.resblocks." + std::to_string(i) + ".ln_1.weight",
        Shape{4});
  }
  return tensors;
}

TEST(SingleFileMap, TheLayerThatSd2NeverRunsIsDropped) {
  const auto map =
      SingleFileMap::of(with(sd2(3), "cond_stage_model.model.text_projection", {4, 4}));
  ASSERT_TRUE(map) << map.error().message;

  const auto kept = map->place("cond_stage_model.model.transformer.resblocks.1.ln_1.weight", {4});
  const auto last = map->place("cond_stage_model.model.transformer.resblocks.2.ln_1.weight", {4});

  ASSERT_TRUE(kept && last);
  EXPECT_EQ(kept->component, "text_encoder");
  EXPECT_TRUE(last->component.empty());
}

TEST(SingleFileMap, AnSd2FileThatLacksThatLayerKeepsAllOfItsOwn) {
  const auto map = SingleFileMap::of(sd2(2));
  ASSERT_TRUE(map) << map.error().message;

  const auto last = map->place("cond_stage_model.model.transformer.resblocks.1.ln_1.weight", {4});

  ASSERT_TRUE(last);
  EXPECT_EQ(last->component, "text_encoder");
}

TEST(SingleFileMap, BlocksAreCountedFromTheFile) {
  // Three resnets at the finest level, where every released model has two.
  auto tensors = unet();
  for (const auto* block : {"1.0.in_layers.0.weight", "2.0.in_layers.0.weight",
                            "3.0.in_layers.0.weight", "4.0.op.weight", "5.0.in_layers.0.weight"}) {
    tensors.emplace(std::string("model.diffusion_model.input_blocks.") + block, Shape{8});
  }
  const auto map = SingleFileMap::of(tensors);
  ASSERT_TRUE(map) << map.error().message;

  const auto place = [&](const char* name) {
    return map->place(std::string("model.diffusion_model.input_blocks.") + name, {8})
        ->pieces.at(0)
        .name;
  };
  EXPECT_EQ(place("3.0.in_layers.0.weight"), "down_blocks.0.resnets.2.norm1.weight");
  EXPECT_EQ(place("4.0.op.weight"), "down_blocks.0.downsamplers.0.conv.weight");
  EXPECT_EQ(place("5.0.in_layers.0.weight"), "down_blocks.1.resnets.0.norm1.weight");
}

TEST(SingleFileMap, EmaCopiesAreDroppedAndStrangersTold) {
  const auto map = SingleFileMap::of(unet());
  ASSERT_TRUE(map) << map.error().message;

  const auto copy = map->place("model_ema.diffusion_modelout0bias", {4});

  ASSERT_TRUE(copy);
  EXPECT_TRUE(copy->component.empty());
  EXPECT_FALSE(map->place("control_model.zero_convs.0.weight", {4, 4}));
}

TEST(SingleFileMap, ABareTransformerHasNoPrefix) {
  const auto map = SingleFileMap::of(
      {{"double_blocks.0.img_attn.qkv.weight", {9, 3}}, {"img_in.weight", {3, 64}}});
  ASSERT_TRUE(map) << map.error().message;

  EXPECT_THAT(map->components(), ElementsAre("transformer"));
  EXPECT_EQ(map->place("img_in.weight", {3, 64})->pieces.at(0).name, "x_embedder.weight");
}

}  // namespace

}  // namespace furrow::engine::weights
