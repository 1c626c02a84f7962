#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/autoencoder_config.h"
#include "worker/engine/nn/autoencoder_tiny_config.h"
#include "worker/engine/nn/clip_text_config.h"
#include "worker/engine/nn/controlnet_config.h"
#include "worker/engine/nn/t2i_adapter_config.h"
#include "worker/engine/nn/unet_config.h"

namespace furrow::engine::nn {

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(UNetConfig, WhatIsLeftOutTakesDiffusersDefaults) {
  const auto config = UNetConfig::read(json::object());

  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->levels.size(), 4u);
  EXPECT_EQ(config->levels[3].channels, 1280);
  EXPECT_EQ(config->levels[0].heads, 8);
  EXPECT_EQ(config->levels[0].layers, 2);
  EXPECT_TRUE(config->levels[0].down_has_attention);
  EXPECT_FALSE(config->levels[3].down_has_attention);
  EXPECT_FALSE(config->levels[3].up_has_attention);
  EXPECT_EQ(config->time_embedding_dim, 1280);
}

TEST(UNetConfig, UpBlocksAreListedFromTheCoarsest) {
  const auto config = UNetConfig::read({{"block_out_channels", {32, 64}},
                                        {"down_block_types", {"DownBlock2D", "DownBlock2D"}},
                                        {"up_block_types", {"CrossAttnUpBlock2D", "UpBlock2D"}},
                                        {"attention_head_dim", {2, 4}}});

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->levels[0].up_has_attention);
  EXPECT_TRUE(config->levels[1].up_has_attention);
  EXPECT_EQ(config->levels[1].heads, 4);
}

TEST(UNetConfig, WhatIsNotSupportedIsRefusedByName) {
  const json config = {{"addition_embed_type", "image"},
                       {"class_embed_type", "timestep"},
                       {"act_fn", "snake"},
                       {"mid_block_type", "UNetMidBlock3D"},
                       {"addition_time_embed_dim", 8},
                       {"projection_class_embeddings_input_dim", 64},
                       {"some_new_key", 3}};

  const auto read = UNetConfig::read(config);

  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("addition_embed_type \"image\""));
  EXPECT_THAT(read.error().message, HasSubstr("class_embed_type \"timestep\""));
  EXPECT_THAT(read.error().message, HasSubstr("act_fn \"snake\""));
  EXPECT_THAT(read.error().message, HasSubstr("mid_block_type \"UNetMidBlock3D\""));
  EXPECT_THAT(read.error().message, HasSubstr("some_new_key 3"));
  EXPECT_EQ(UNetConfig::unsupported(config).size(), 5u);
}

TEST(UNetConfig, ReadsWhatSdxlEmbedsBesideTheTimestep) {
  const auto config = UNetConfig::read({{"addition_embed_type", "text_time"},
                                        {"addition_time_embed_dim", 256},
                                        {"projection_class_embeddings_input_dim", 2816}});

  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->text_time);
  EXPECT_EQ(config->text_time->time_embed_dim, 256);
  EXPECT_EQ(config->text_time->input_dim, 2816);
}

TEST(UNetConfig, TextTimeNeedsItsSizes) {
  const auto config = UNetConfig::read({{"addition_embed_type", "text_time"}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("needs addition_time_embed_dim"));
  EXPECT_THAT(config.error().message, HasSubstr("needs projection_class_embeddings_input_dim"));
}

TEST(UNetConfig, DepthIsToldForAllForEachBlockOrForEachLayer) {
  json config = {{"block_out_channels", {32, 64}},
                 {"down_block_types", {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D"}},
                 {"up_block_types", {"CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}},
                 {"layers_per_block", 2}};
  using Depths = std::vector<std::int64_t>;

  config["transformer_layers_per_block"] = 3;
  const auto all = UNetConfig::read(config);
  config["transformer_layers_per_block"] = {1, 10};
  const auto blocks = UNetConfig::read(config);
  config["transformer_layers_per_block"] = {{3, 2}, 1};
  config["reverse_transformer_layers_per_block"] = {{3, 4, 5}, 6};
  const auto layers = UNetConfig::read(config);

  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->levels[1].up_transformers, Depths(3, 3));
  ASSERT_TRUE(blocks) << blocks.error().message;
  EXPECT_EQ(blocks->levels[1].down_transformers, Depths(2, 10));
  EXPECT_EQ(blocks->levels[0].up_transformers, Depths(3, 1));
  EXPECT_EQ(blocks->mid_transformers, 10);
  ASSERT_TRUE(layers) << layers.error().message;
  EXPECT_EQ(layers->levels[0].down_transformers, (Depths{3, 2}));
  EXPECT_EQ(layers->levels[1].up_transformers, (Depths{3, 4, 5}));
  EXPECT_EQ(layers->levels[0].up_transformers, Depths(3, 6));
}

TEST(UNetConfig, DepthOfEachLayerHasToBeToldForTheUpBlocksToo) {
  const auto config =
      UNetConfig::read({{"block_out_channels", {32, 64}},
                        {"down_block_types", {"DownBlock2D", "CrossAttnDownBlock2D"}},
                        {"up_block_types", {"CrossAttnUpBlock2D", "UpBlock2D"}},
                        {"transformer_layers_per_block", {{3, 2}, 1}}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("reverse_transformer_layers_per_block"));
}

TEST(UNetConfig, DepthsThatDoNotFitTheBlocksAreTold) {
  for (const json& depth : {json({1, 2, 3}), json({{1, 2, 3}, 1, 1, 1}), json("deep"), json(-1)}) {
    const auto config = UNetConfig::read({{"transformer_layers_per_block", depth}});

    ASSERT_FALSE(config) << depth.dump();
    EXPECT_THAT(config.error().message, HasSubstr("transformer_layers_per_block is"));
  }
}

TEST(UNetConfig, AHugeNumberOfLayersIsAFaultAndNoAllocation) {
  const auto config = UNetConfig::read({{"layers_per_block", 1'000'000'000'000}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("layers_per_block 1000000000000"));
}

TEST(UNetConfig, KeysThatAreOffOrPrivateDoNotMatter) {
  EXPECT_THAT(UNetConfig::unsupported({{"_name_or_path", "x"},
                                       {"some_new_key", nullptr},
                                       {"another", false},
                                       {"class_embed_type", nullptr},
                                       {"upcast_attention", true}}),
              IsEmpty());
}

TEST(UNetConfig, BrokenValuesAreAllNamedAndAreNoLackOfSupport) {
  const json config = {{"in_channels", "four"},
                       {"norm_num_groups", 7},
                       {"block_out_channels", {320, 640}},
                       {"flip_sin_to_cos", 1}};

  const auto read = UNetConfig::read(config);

  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("in_channels is \"four\""));
  EXPECT_THAT(read.error().message, HasSubstr("flip_sin_to_cos is 1"));
  EXPECT_THAT(read.error().message, HasSubstr("should have equally many"));
  EXPECT_THAT(UNetConfig::unsupported(config), IsEmpty());
  EXPECT_FALSE(UNetConfig::read(json::array()));
}

TEST(ControlNetConfig, HeadsMayBeToldByEitherName) {
  const auto by_dim = ControlNetConfig::read({{"attention_head_dim", 5}});
  const auto by_heads =
      ControlNetConfig::read({{"attention_head_dim", 5}, {"num_attention_heads", {5, 10, 20, 20}}});

  ASSERT_TRUE(by_dim) << by_dim.error().message;
  EXPECT_EQ(by_dim->unet.levels[1].heads, 5);
  ASSERT_TRUE(by_heads) << by_heads.error().message;
  EXPECT_EQ(by_heads->unet.levels[1].heads, 10);
}

TEST(ControlNetConfig, AnUnknownOrderOfColoursIsRefused) {
  const auto config = ControlNetConfig::read({{"controlnet_conditioning_channel_order", "gbr"}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("controlnet_conditioning_channel_order \"gbr\""));
}

TEST(AutoencoderTinyConfig, LevelsOfDifferentWidthsAreRefused) {
  const auto config = AutoencoderTinyConfig::read(
      {{"encoder_block_out_channels", {64, 64, 64, 32}}, {"num_decoder_blocks", {3, 3, 1}}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message,
              HasSubstr("encoder_block_out_channels should be the same for every level"));
}

TEST(T2iAdapterConfig, AnUnknownTypeIsRefused) {
  const auto config = T2iAdapterConfig::read({{"adapter_type", "heavy_adapter"}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("adapter_type \"heavy_adapter\""));
}

TEST(AutoencoderConfig, WhatIsLeftOutTakesDiffusersDefaults) {
  const auto config = AutoencoderConfig::read(
      {{"block_out_channels", {128, 256, 512, 512}}, {"shift_factor", nullptr}});

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->scaling_factor, 0.18215);
  EXPECT_EQ(config->shift_factor, 0);
  EXPECT_TRUE(config->use_quant_conv);
  EXPECT_EQ(config->spatial_factor(), 8);
}

TEST(AutoencoderConfig, AnotherClassIsRefusedByName) {
  EXPECT_THAT(AutoencoderConfig::unsupported({{"_class_name", "AutoencoderTiny"}}),
              testing::Contains("_class_name \"AutoencoderTiny\""));
}

TEST(ClipTextConfig, WhatIsLeftOutTakesTransformersDefaults) {
  const auto config = ClipTextConfig::read({{"some_training_key", 0.1}});

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->hidden_size, 512);
  EXPECT_EQ(config->hidden_act, Activation::QuickGelu);
  EXPECT_EQ(config->eos_token_id, 49407);
  EXPECT_FALSE(config->has_projection);
}

TEST(ClipTextConfig, HeadsMustDivideTheWidth) {
  const auto config = ClipTextConfig::read({{"hidden_size", 10}, {"num_attention_heads", 4}});

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("cannot be split into 4 num_attention_heads"));
}

}  // namespace

}  // namespace furrow::engine::nn
