#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/autoencoder_config.h"
#include "worker/engine/nn/clip_text_config.h"
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
  const json config = {{"addition_embed_type", "text_time"},
                       {"time_cond_proj_dim", 256},
                       {"act_fn", "snake"},
                       {"some_new_key", 3}};

  const auto read = UNetConfig::read(config);

  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("addition_embed_type \"text_time\""));
  EXPECT_THAT(read.error().message, HasSubstr("time_cond_proj_dim 256"));
  EXPECT_THAT(read.error().message, HasSubstr("act_fn \"snake\""));
  EXPECT_THAT(read.error().message, HasSubstr("some_new_key 3"));
  EXPECT_EQ(UNetConfig::unsupported(config).size(), 4u);
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
