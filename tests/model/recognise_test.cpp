#include "common/model/recognise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/weights/tensor_file.h"

namespace furrow::model {
namespace {

using engine::weights::Shape;
using engine::weights::TensorShapes;
using testing::ElementsAre;
using testing::HasSubstr;

Traits recognised(const TensorShapes& tensors, const Metadata& metadata = {}) {
  const auto traits = recognise(tensors, metadata);
  EXPECT_TRUE(traits) << traits.error().message;
  return traits ? *traits : Traits{};
}

std::string what(const TensorShapes& tensors, const Metadata& metadata = {}) {
  const Traits traits = recognised(tensors, metadata);
  return std::string(name_of(traits.kind)) + " " + traits.family;
}

TensorShapes golden(const std::string& name) {
  const auto file = engine::weights::TensorFile::open(
      std::string(FURROW_TEST_DATA) + "/golden/single_file/" + name + "/model.safetensors");
  EXPECT_TRUE(file) << file.error().message;
  return file ? shapes_of(*file) : TensorShapes{};
}

TensorShapes with(TensorShapes tensors, const std::string& name, const Shape& shape) {
  tensors[name] = shape;
  return tensors;
}

constexpr const char* kFirstConvolution = "model.diffusion_model.input_blocks.0.0.weight";

/// A UNet of XL's or the refiner's kind with its text encoders and a VAE.
TensorShapes xl(std::int64_t context) {
  TensorShapes tensors = {
      {kFirstConvolution, {320, 4, 3, 3}},
      {"model.diffusion_model.label_emb.0.0.weight", {1280, 2816}},
      {"model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight",
       {1280, context}},
      {"first_stage_model.decoder.conv_in.weight", {512, 4, 3, 3}}};
  if (context == 2048) {
    tensors["conditioner.embedders.0.transformer.text_model.final_layer_norm.weight"] = {768};
    tensors["conditioner.embedders.1.model.ln_final.weight"] = {1280};
  } else {
    tensors["conditioner.embedders.0.model.ln_final.weight"] = {1280};
  }
  return tensors;
}

TEST(Recognise, WholeCheckpointsOfEveryFamily) {
  EXPECT_EQ(what(golden("sd1_fp16_ema")), "checkpoint sd1");
  EXPECT_EQ(what(golden("sd2")), "checkpoint sd2");
  EXPECT_EQ(what(xl(2048)), "checkpoint sdxl");
  EXPECT_EQ(what(xl(1280)), "checkpoint sdxl_refiner");
  EXPECT_THAT(recognised(xl(2048)).parts,
              ElementsAre("text_encoder", "text_encoder_2", "unet", "vae"));
}

TEST(Recognise, TransformersAloneAreNetworks) {
  EXPECT_EQ(what(golden("sd3_transformer")), "network sd3");
  EXPECT_EQ(what(golden("flux_transformer")), "network flux");
  EXPECT_EQ(recognised(golden("flux_transformer")).prediction, Prediction::Flow);
}

TEST(Recognise, VariantsByTheFirstConvolution) {
  const auto variant = [](std::int64_t channels) {
    return recognised(with(golden("sd1_fp16_ema"), kFirstConvolution, {4, channels, 3, 3})).variant;
  };
  EXPECT_EQ(variant(4), Variant::Plain);
  EXPECT_EQ(variant(9), Variant::Inpaint);
  EXPECT_EQ(variant(8), Variant::Instruct);
  EXPECT_EQ(variant(5), Variant::Other);
}

TEST(Recognise, PredictionByMarkersThenMetadataAndElseUnknown) {
  EXPECT_EQ(recognised(golden("sd2")).prediction, Prediction::Unknown);
  EXPECT_EQ(recognised(golden("sd2")).default_size, 512U);
  const Traits by_metadata = recognised(golden("sd2"), {{"modelspec.prediction_type", "v"}});
  EXPECT_EQ(by_metadata.prediction, Prediction::V);
  EXPECT_EQ(by_metadata.default_size, 768U);

  EXPECT_EQ(recognised(xl(2048)).prediction, Prediction::Epsilon);
  const Traits marked = recognised(with(with(xl(2048), "v_pred", {0}), "ztsnr", {0}));
  EXPECT_EQ(marked.prediction, Prediction::V);
  EXPECT_TRUE(marked.has_zero_terminal_snr);
}

TEST(Recognise, NetworksOfDiffusersFoldersAlone) {
  const TensorShapes first = {{"conv_in.weight", {320, 9, 3, 3}},
                              {"down_blocks.0.attentions.0.proj_in.weight", {320, 320, 1, 1}},
                              {"up_blocks.0.resnets.0.conv1.weight", {8, 8, 3, 3}}};
  EXPECT_EQ(what(first), "network sd1");
  EXPECT_EQ(recognised(first).variant, Variant::Inpaint);
  EXPECT_EQ(what(with(first, "down_blocks.0.attentions.0.proj_in.weight", {320, 320})),
            "network sd2");
  EXPECT_EQ(what(with(first, "add_embedding.linear_1.weight", {1280, 2816})), "network sdxl");
  EXPECT_EQ(what({{"single_transformer_blocks.0.proj_mlp.weight", {8, 8}}}), "network flux");
  EXPECT_EQ(what({{"transformer_blocks.0.attn.add_q_proj.weight", {8, 8}},
                  {"pos_embed.proj.weight", {8, 16, 2, 2}}}),
            "network sd3");
}

TEST(Recognise, AutoencodersInEveryLayout) {
  const Traits original = recognised({{"encoder.conv_in.weight", {128, 3, 3, 3}},
                                      {"decoder.conv_in.weight", {512, 4, 3, 3}},
                                      {"decoder.up.0.block.0.conv1.weight", {8, 8, 3, 3}},
                                      {"decoder.up.1.block.0.conv1.weight", {8, 8, 3, 3}},
                                      {"decoder.up.2.block.0.conv1.weight", {8, 8, 3, 3}}});
  EXPECT_EQ(original.kind, Kind::Vae);
  EXPECT_EQ(original.vae_factor, 4U);
  EXPECT_THAT(original.note, HasSubstr("4 latent channels"));
  EXPECT_THAT(recognised({{"first_stage_model.decoder.conv_in.weight", {512, 16, 3, 3}}}).note,
              HasSubstr("sd3 and flux"));
  EXPECT_THAT(recognised({{"decoder.layers.0.weight", {64, 4, 3, 3}}}).note, HasSubstr("TAESD"));
}

TEST(Recognise, TextEncodersByTheirWidth) {
  EXPECT_EQ(recognised({{"text_model.encoder.layers.0.layer_norm1.weight", {768}},
                        {"text_model.embeddings.token_embedding.weight", {49408, 768}}})
                .note,
            "CLIP, 768 wide");
  const Traits t5 = recognised({{"encoder.block.0.layer.0.SelfAttention.q.weight", {4096, 4096}},
                                {"shared.weight", {32128, 4096}}});
  EXPECT_EQ(t5.kind, Kind::TextEncoder);
  EXPECT_EQ(t5.note, "T5, 4096 wide");
}

TEST(Recognise, LorasOfEveryFamilyAndForm) {
  const std::string kohya =
      "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight";
  EXPECT_EQ(what({{kohya, {4, 768}}}), "lora sd1");
  EXPECT_EQ(what({{kohya, {4, 1024}}}), "lora sd2");
  EXPECT_EQ(what({{kohya, {4, 2048}}}), "lora sdxl");
  EXPECT_EQ(what({{"unet.down_blocks.0.attentions.0.attn2.to_k.lora_A.weight", {4, 768}}}),
            "lora sd1");
  EXPECT_EQ(
      what({{"lora_te_text_model_encoder_layers_0_mlp_fc2.lora_down.weight", {4, 3072}},
            {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight", {4, 768}}}),
      "lora sd1");
  EXPECT_EQ(what({{"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", {4, 3072}}}),
            "lora flux");
  EXPECT_EQ(what({{"transformer.transformer_blocks.0.attn.add_q_proj.lora_A.weight", {4, 1536}}}),
            "lora sd3");
  EXPECT_EQ(what({{"lora_unet_mid_block_x.lokr_w1", {4, 4}}}), "lora ");
  EXPECT_EQ(what({{"lora_unet_mid_block_x.lokr_w1", {4, 4}}},
                 {{"ss_base_model_version", "sdxl_base_v1-0"}}),
            "lora sdxl");
}

TEST(Recognise, EmbeddingsByTheWidthOfTheirVectors) {
  EXPECT_EQ(what({{"emb_params", {2, 768}}}), "embedding sd1");
  EXPECT_EQ(what({{"string_to_param.*", {2, 1024}}}), "embedding sd2");
  EXPECT_EQ(what({{"clip_l", {2, 768}}, {"clip_g", {2, 1280}}}), "embedding sdxl");
  EXPECT_EQ(what({{"<token>", {768}}}), "embedding sd1");
}

TEST(Recognise, ControlNetsAdaptersAndUpscalers) {
  EXPECT_EQ(what(with(golden("sd1_fp16_ema"), "control_model.zero_convs.0.0.weight", {8, 8, 1, 1})),
            "controlnet sd1");
  EXPECT_EQ(what({{"controlnet_cond_embedding.conv_in.weight", {16, 3, 3, 3}},
                  {"add_embedding.linear_1.weight", {1280, 2816}}}),
            "controlnet sdxl");
  EXPECT_EQ(what({{"adapter.body.0.resnets.0.block1.weight", {8, 8, 3, 3}}}), "t2i_adapter ");
  EXPECT_EQ(what({{"image_proj.proj.weight", {8, 8}}, {"ip_adapter.1.to_k_ip.weight", {8, 8}}}),
            "ip_adapter ");
  EXPECT_EQ(what({{"model.0.weight", {64, 3, 3, 3}},
                  {"model.1.sub.0.RDB1.conv1.0.weight", {32, 64, 3, 3}}}),
            "upscaler ");
  EXPECT_EQ(
      what({{"conv_first.weight", {64, 3, 3, 3}}, {"body.0.rdb1.conv1.weight", {32, 64, 3, 3}}}),
      "upscaler ");
}

TEST(Recognise, WhatIsNothingKnownIsRefused) {
  EXPECT_THAT(recognise({}, {}).error().message, HasSubstr("no tensors"));
  EXPECT_THAT(recognise({{"a", {3, 3, 3}}, {"b", {}}}, {}).error().message,
              HasSubstr("nothing that is known"));
}

TEST(Traits, TheEngineRendersWholeModelsOfItsFamilies) {
  Traits traits = recognised(golden("sd1_fp16_ema"));
  EXPECT_TRUE(engine_uses(traits));
  EXPECT_TRUE(engine_uses(recognised(xl(2048))));
  EXPECT_FALSE(engine_uses(recognised(golden("flux_transformer"))));

  traits.variant = Variant::Inpaint;
  EXPECT_FALSE(engine_uses(traits));
  traits.variant = Variant::Plain;
  traits.parts = {"unet", "vae"};
  EXPECT_FALSE(engine_uses(traits));
  traits = {};
  traits.kind = Kind::Vae;
  EXPECT_TRUE(engine_uses(traits));
}

TEST(Traits, PhrasesReadAsSentences) {
  Traits traits = recognised(golden("sd2"));
  traits.variant = Variant::Inpaint;
  EXPECT_EQ(phrase_of(traits), "an sd2 checkpoint (inpaint)");
  EXPECT_EQ(phrase_of(recognised({{"emb_params", {2, 500}}})), "an embedding");
  EXPECT_EQ(phrase_of(recognised(golden("flux_transformer"))), "a flux denoising network alone");
}

}  // namespace
}  // namespace furrow::model
