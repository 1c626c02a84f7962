#include "worker/engine/weights/lora.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/weights/safetensors_writer.h"
#include "worker/engine/weights/lora_file.h"

namespace furrow::engine::weights {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// A network with two linear layers of a UNet, the second with a norm before it.
ParameterTable table() {
  ParameterTable parameters;
  const auto add = [&](const char* name, at::IntArrayRef shape) {
    parameters.add(name, Parameter(at::zeros(shape), Dtype::F32));
  };
  add("down_blocks.0.resnets.0.norm1.weight", {8});
  add("down_blocks.0.resnets.0.time_emb_proj.weight", {8, 4});
  add("down_blocks.0.attentions.0.proj_in.weight", {8, 8});
  parameters.find("down_blocks.0.resnets.0.time_emb_proj.weight")->for_products();
  parameters.find("down_blocks.0.attentions.0.proj_in.weight")->for_products();
  return parameters;
}

std::string lora_of(const std::string& module, std::int64_t out, std::int64_t in) {
  return safetensors_bytes({counting_tensor(module + ".lora_down.weight", {2, in}),
                            counting_tensor(module + ".lora_up.weight", {out, 2})});
}

class LoraTest : public testing::Test {
 protected:
  Result<Lora> open(const std::string& bytes) {
    return Lora::open(folder_.write("l.safetensors", bytes),
                      {{"unet", NetworkKind::UNet, &parameters_}});
  }

  // The weights that a file with one module changes.
  std::vector<std::string> changed_by(const std::string& module) {
    const auto lora = open(lora_of(module, 8, 4));
    EXPECT_TRUE(lora) << lora.error().message;
    std::vector<std::string> names;
    if (!lora) return names;
    for (const auto& [name, adapter] : *lora->of("unet")) names.push_back(name);
    return names;
  }

  const c10::InferenceMode no_gradients_;
  const TestFolder folder_;
  const ParameterTable parameters_ = table();
};

TEST_F(LoraTest, FindsALayerByEveryNameThatFilesHaveForIt) {
  const auto* const layer = "down_blocks.0.resnets.0.time_emb_proj.weight";
  for (const auto* name :
       {"unet.down_blocks.0.resnets.0.time_emb_proj", "down_blocks.0.resnets.0.time_emb_proj",
        "lora_unet_down_blocks_0_resnets_0_time_emb_proj",
        "lycoris_down_blocks_0_resnets_0_time_emb_proj", "lora_unet_input_blocks_1_0_emb_layers_1",
        "diffusion_model.input_blocks.1.0.emb_layers.1"}) {
    EXPECT_THAT(changed_by(name), ElementsAre(layer)) << name;
  }
}

TEST_F(LoraTest, ForAnotherKindOfModelIsAnError) {
  const auto lora = open(lora_of("lora_unet_double_blocks_0_img_attn_qkv", 8, 4));

  ASSERT_FALSE(lora);
  EXPECT_EQ(lora.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(lora.error().message, HasSubstr("it changes nothing of the model"));
  EXPECT_THAT(lora.error().message, HasSubstr("lora_unet_double_blocks_0_img_attn_qkv"));
}

TEST_F(LoraTest, ForAnotherSizeOfModelIsAnError) {
  const auto lora = open(lora_of("unet.down_blocks.0.resnets.0.time_emb_proj", 8, 6));

  ASSERT_FALSE(lora);
  EXPECT_THAT(lora.error().message, HasSubstr("is for a weight of 8 by 6 numbers"));
  EXPECT_THAT(lora.error().message, HasSubstr("is [8, 4]"));
}

TEST_F(LoraTest, ModulesWithoutAPlaceAreTold) {
  const auto lora = open(
      safetensors_bytes({counting_tensor("unet.down_blocks.0.attentions.0.proj_in.diff", {8, 8}),
                         counting_tensor("unet.elsewhere.diff", {8, 8})}));

  ASSERT_TRUE(lora) << lora.error().message;
  EXPECT_THAT(lora->unplaced(), ElementsAre("unet.elsewhere"));
  EXPECT_THAT(*lora->of("unet"), SizeIs(1));
}

TEST_F(LoraTest, AKindThatIsNotKnownIsAnError) {
  const auto lora = open(safetensors_bytes({counting_tensor("lora_unet_x.oft_blocks", {2, 2})}));

  ASSERT_FALSE(lora);
  EXPECT_THAT(lora.error().message, HasSubstr("\"lora_unet_x.oft_blocks\" is of no kind of LoRA"));
}

TEST_F(LoraTest, AModuleThatLacksAFactorIsAnError) {
  const auto lora =
      open(safetensors_bytes({counting_tensor("lora_unet_x.lora_down.weight", {2, 2})}));

  ASSERT_FALSE(lora);
  EXPECT_THAT(lora.error().message, HasSubstr("\"lora_unet_x\" lacks its up factor"));
}

TEST_F(LoraTest, AnAlphaOfSeveralNumbersIsAnError) {
  const auto lora = open(safetensors_bytes({counting_tensor("m.lora_down.weight", {2, 2}),
                                            counting_tensor("m.lora_up.weight", {2, 2}),
                                            counting_tensor("m.alpha", {3})}));

  ASSERT_FALSE(lora);
  EXPECT_THAT(lora.error().message, HasSubstr("\"m\" lacks an alpha that is one number"));
}

TEST_F(LoraTest, AlphaIsTheRankUnlessTheFileSaysOtherwise) {
  const auto factor = [&](std::vector<TestTensor> more) {
    more.push_back(counting_tensor("m.lora_down.weight", {4, 3}));
    more.push_back(counting_tensor("m.lora_up.weight", {5, 4}));
    const auto modules = read_lora(folder_.write("a.safetensors", safetensors_bytes(more)));
    EXPECT_TRUE(modules) << modules.error().message;
    return modules->modules.at("m").weight->factor;
  };
  const std::string two("\x00\x00\x00\x40", 4);  // F32

  EXPECT_EQ(factor({}), 1.0);
  EXPECT_EQ(factor({{"m.alpha", "F32", {}, two}}), 0.5);
  EXPECT_EQ(factor({{"m.scale", "F32", {}, two}}), 2.0);
}

TEST_F(LoraTest, AnAlphaMayBeAnInteger) {
  const std::string two("\x02\0\0\0\0\0\0\0", 8);
  const auto modules = read_lora(folder_.write(
      "a.safetensors", safetensors_bytes({counting_tensor("m.lora_down.weight", {4, 3}),
                                          counting_tensor("m.lora_up.weight", {5, 4}),
                                          {"m.alpha", "I64", {}, two}})));

  ASSERT_TRUE(modules) << modules.error().message;
  EXPECT_EQ(modules->modules.at("m").weight->factor, 0.5);
}

// PEFT keeps the norms of a convolution's rows as [1, out, 1, 1], those of a linear as [out].
TEST_F(LoraTest, PeftsNormsAreThoseOfTheRows) {
  const auto norms = [&](std::vector<std::int64_t> shape, const char* ending) {
    const auto modules = read_lora(folder_.write(
        "a.safetensors", safetensors_bytes({counting_tensor("m.lora_A.weight", {1, 4, 3, 3}),
                                            counting_tensor("m.lora_B.weight", {5, 1, 1, 1}),
                                            counting_tensor(ending, std::move(shape))})));
    EXPECT_TRUE(modules) << modules.error().message;
    return modules->modules.at("m").weight->magnitude.sizes().vec();
  };

  EXPECT_THAT(norms({1, 5, 1, 1}, "m.lora_magnitude_vector"), ElementsAre(5, 1));
  EXPECT_THAT(norms({5}, "m.lora_magnitude_vector.weight"), ElementsAre(5, 1));
  EXPECT_THAT(norms({}, "m.lora_magnitude_vector.default.weight"), ElementsAre(1, 1));
  EXPECT_THAT(norms({}, "m.dora_scale"), ElementsAre(1, 1));
  EXPECT_THAT(norms({1, 4, 1, 1}, "m.dora_scale"), ElementsAre(1, 4, 1, 1));
}

// A file of some kilobytes, whose product would not fit into the machine.
TEST_F(LoraTest, FactorsAreCheckedBeforeTheyAreMultiplied) {
  constexpr std::int64_t kHuge = 10'000'000;
  const std::string module = "unet.down_blocks.0.attentions.0.proj_in";
  const auto lora = open(safetensors_bytes({counting_tensor(module + ".lokr_w1_a", {kHuge, 0}),
                                            counting_tensor(module + ".lokr_w1_b", {0, kHuge}),
                                            counting_tensor(module + ".lokr_w2", {1, 1})}));

  ASSERT_FALSE(lora);
  EXPECT_THAT(lora.error().message, HasSubstr("10000000 by 10000000"));
}

TEST_F(LoraTest, SizesBeyond64BitsDoNotFit) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::string module = "unet.down_blocks.0.attentions.0.proj_in";
  const auto lora = open(safetensors_bytes({{module + ".lokr_w1_a", "F32", {kHuge, 0}, ""},
                                            {module + ".lokr_w1_b", "F32", {0, 8}, ""},
                                            counting_tensor(module + ".lokr_w2", {4, 1})}));

  ASSERT_FALSE(lora);
  EXPECT_EQ(lora.error().kind, ErrorKind::Invalid);
}

TEST_F(LoraTest, ATensorThatLibtorchRefusesIsAnError) {
  const auto lora = open(
      safetensors_bytes({counting_tensor("m.lora_down.weight", std::vector<std::int64_t>(65, 1)),
                         counting_tensor("m.lora_up.weight", {2, 2})}));

  ASSERT_FALSE(lora);
  EXPECT_EQ(lora.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(lora.error().message, HasSubstr("l.safetensors"));
}

TEST_F(LoraTest, WhatIsNotUsedIsToldAndNoReasonToRefuseTheRest) {
  const std::string module = "unet.down_blocks.0.attentions.0.proj_in";
  const auto lora =
      open(safetensors_bytes({counting_tensor(module + ".lora_A.weight", {2, 8}),
                              counting_tensor(module + ".lora_B.weight", {8, 2}),
                              counting_tensor(module + ".lora_B.bias", {8}),
                              counting_tensor("bundle_emb.cat.string_to_param.*", {1, 8}),
                              counting_tensor("unet.elsewhere.diff", {8, 8})}));

  ASSERT_TRUE(lora) << lora.error().message;
  EXPECT_THAT(*lora->of("unet"), SizeIs(1));
  EXPECT_THAT(lora->notes(),
              ElementsAre(HasSubstr("\"unet.elsewhere\""), HasSubstr(module + ".lora_B.bias"),
                          AllOf(HasSubstr("\"cat\""), HasSubstr("not used"))));
}

TEST_F(LoraTest, WhatIsUsedWholeHasNoNotes) {
  const auto lora = open(lora_of("unet.down_blocks.0.attentions.0.proj_in", 8, 8));

  ASSERT_TRUE(lora) << lora.error().message;
  EXPECT_THAT(lora->notes(), testing::IsEmpty());
}

TEST_F(LoraTest, AFileOfPeftItselfTakesItsAlphaFromTheConfigBesideIt) {
  const std::string module = "base_model.model.down_blocks.0.attentions.0.proj_in";
  const auto bytes = safetensors_bytes({counting_tensor(module + ".lora_A.weight", {2, 8}),
                                        counting_tensor(module + ".lora_B.weight", {8, 2})});
  folder_.write("adapter_config.json", R"({"r": 2, "lora_alpha": 1})");

  const auto lora = open(bytes);

  ASSERT_TRUE(lora) << lora.error().message;
  ASSERT_THAT(*lora->of("unet"), SizeIs(1));
  EXPECT_EQ(lora->of("unet")->begin()->second->factor, 0.5);
}

TEST_F(LoraTest, RowsMayNotDifferInWhatTheyShare) {
  const auto lora =
      open(safetensors_bytes({counting_tensor("unet.down_blocks.0.resnets.0.norm1.w_norm", {8})}));
  ASSERT_TRUE(lora) << lora.error().message;

  const auto applied = parameters_.adapt_rows({{{lora->of("unet"), 1.0}}, {}});

  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("norm1.weight"));
  EXPECT_EQ(parameters_.find("down_blocks.0.resnets.0.norm1.weight")->row_count(), 0);
}

// A block of a Flux transformer of width 4.
TEST_F(LoraTest, ADeltaOfAFusedTensorIsSpreadOverItsLayers) {
  ParameterTable flux;
  const auto add = [&](const char* name, at::IntArrayRef shape) {
    flux.add(name, Parameter(at::zeros(shape), Dtype::F32));
  };
  add("x_embedder.weight", {4, 3});
  add("single_transformer_blocks.0.attn.to_q.weight", {4, 4});
  add("single_transformer_blocks.0.attn.to_k.weight", {4, 4});
  add("single_transformer_blocks.0.attn.to_v.weight", {4, 4});
  add("single_transformer_blocks.0.proj_mlp.weight", {16, 4});
  const auto bytes = lora_of("lora_unet_single_blocks_0_linear1", 28, 4);

  const auto lora = Lora::open(folder_.write("f.safetensors", bytes),
                               {{"transformer", NetworkKind::FluxTransformer, &flux}});
  ASSERT_TRUE(lora) << lora.error().message;
  flux.adapt({{lora->of("transformer"), 1.0}});

  std::vector<at::Tensor> parts;
  for (const auto* name : {"attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"}) {
    parts.push_back(
        flux.find(std::string("single_transformer_blocks.0.") + name + ".weight")->get());
  }
  const auto down = at::arange(8, at::kFloat).view({2, 4});
  const auto up = at::arange(56, at::kFloat).view({28, 2});
  EXPECT_TRUE(at::cat(parts).equal(up.matmul(down)));
}

}  // namespace

}  // namespace furrow::engine::weights
