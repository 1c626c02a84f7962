#include "worker/engine/weights/lora_names.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::weights {

namespace {

// kohya numbers the text encoders through all models: T5 is the third there even where the model
// has only two.
TEST(LoraNames, T5IsTheThirdTextEncoderWhicheverItIsOfTheModel) {
  ParameterTable parameters;
  parameters.add("encoder.block.0.layer.0.SelfAttention.q.weight",
                 Parameter(at::zeros({4, 4}), Dtype::F32));

  const auto names = lora_names({"text_encoder_2", NetworkKind::T5, &parameters});

  EXPECT_EQ(names.count("lora_te3_encoder_block_0_layer_0_SelfAttention_q"), 1U);
  EXPECT_EQ(names.count("lora_te2_encoder_block_0_layer_0_SelfAttention_q"), 1U);
}

TEST(LoraNames, ANameLeadsOnceToItsPlace) {
  ParameterTable parameters;
  parameters.add("encoder.block.0.layer.0.SelfAttention.q.weight",
                 Parameter(at::zeros({4, 4}), Dtype::F32));

  const auto names = lora_names({"text_encoder_3", NetworkKind::T5, &parameters});

  EXPECT_EQ(names.at("lora_te3_encoder_block_0_layer_0_SelfAttention_q").size(), 1U);
}

}  // namespace

}  // namespace furrow::engine::weights
