#include "common/spec/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "furrow/v1/spec.pb.h"

namespace furrow::spec {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Label {
  std::string_view text;
  std::string_view field;
};

TEST(Axis, LabelsOfAllProgramsFindTheirField) {
  for (const auto& [text, field] : {
           Label{"Prompt", "prompt"},
           Label{"Negative prompt", "negative_prompt"},
           Label{"Prompt S/R", "prompt_sr"},
           Label{"[Prompt] Search & replace", "prompt_sr"},
           Label{"[Grid Gen] Prompt Replace", "prompt_sr"},
           Label{"S/R", "prompt_sr"},
           Label{"Prompt order", "prompt_order"},
           Label{"[Prompt] Prompt order", "prompt_order"},
           Label{"Seed", "seed"},
           Label{"[Param] Seed", "seed"},
           Label{"STEPS", "steps"},
           Label{"[Param] Steps", "steps"},
           Label{"[param] steps", "steps"},
           Label{"CFG Scale", "guidance_scale"},
           Label{"cfg_scale", "guidance_scale"},
           Label{"[Guidance] Scale", "guidance_scale"},
           Label{"guidance_scale", "guidance_scale"},
           Label{"Sampler", "sampler"},
           Label{"[Sampler] Name", "sampler"},
           Label{"Schedule type", "schedule"},
           Label{"[Sampler] Sigma method", "schedule"},
           Label{"[Param] Width", "width"},
           Label{"height", "height"},
           Label{"Size", "size"},
           Label{"Clip skip", "clip_skip"},
           Label{"[Param] CLiP-skip", "clip_skip"},
           Label{"Checkpoint name", "model"},
           Label{"[Model] Model", "model"},
           Label{"VAE", "vae"},
           Label{"[Model] VAE", "vae"},
           Label{"Denoising", "denoising_strength"},
           Label{"[Param] Denoising strength", "denoising_strength"},
           Label{"[Refine] Denoising strength", "hires_denoising_strength"},
           Label{"Var. seed", "variation_seed"},
           Label{"[Param] Variation strength", "variation_strength"},
           Label{"subseed_strength", "variation_strength"},
           Label{"Eta", "eta"},
           Label{"[Sampler] ETA multiplier", "eta"},
           Label{"Sigma Churn", "s_churn"},
           Label{"Sigma tmin", "s_tmin"},
           Label{"s_tmax", "s_tmax"},
           Label{"Sigma noise", "s_noise"},
           Label{"Schedule min sigma", "schedule_min_sigma"},
           Label{"Schedule max sigma", "schedule_max_sigma"},
           Label{"Schedule rho", "schedule_rho"},
           Label{"UniPC Order", "solver_order"},
           Label{"[Sampler] Solver order", "solver_order"},
           Label{"Always discard next-to-last sigma", "discard_next_to_last_sigma"},
           Label{"[Sampler] Flow shift", "flow_shift"},
           Label{"RNG source", "noise_source"},
           Label{"[Guidance] Rescale", "guidance_rescale"},
           Label{"[Guidance] End", "guidance_end"},
           Label{"Image CFG Scale", "image_guidance_scale"},
           Label{"Hires steps", "hires_steps"},
           Label{"hr_upscaler", "hires_upscaler"},
           Label{"[Refine] Sampler", "hires_sampler"},
           Label{"Refiner checkpoint", "refiner"},
           Label{"[Model] Refiner", "refiner"},
           Label{"Refiner switch at", "refiner_switch_at"},
           Label{"mask_blur", "mask_blur"},
           Label{"inpainting_mask_invert", "mask_invert"},
           Label{"inpaint_full_res", "only_masked"},
       }) {
    const auto kind = find_axis(text);
    ASSERT_TRUE(kind) << text << ": " << kind.error().message;
    EXPECT_EQ((*kind)->field, field) << text;
  }
}

TEST(Axis, PartOfALabelWillDoWhenOnlyOneAxisHasIt) {
  EXPECT_EQ((*find_axis("scale"))->field, "guidance_scale");
  EXPECT_EQ((*find_axis("skip"))->field, "clip_skip");
  EXPECT_EQ((*find_axis("checkp"))->field, "model");
  EXPECT_EQ((*find_axis("denois"))->field, "denoising_strength");

  const auto ambiguous = find_axis("name");

  ASSERT_FALSE(ambiguous);
  EXPECT_THAT(ambiguous.error().message, AllOf(HasSubstr("Sampler"), HasSubstr("Model")));
}

TEST(Axis, WhatA1111CallsTwoThingsIsAskedFor) {
  const auto sigma = find_axis("Sigma min");

  ASSERT_FALSE(sigma);
  EXPECT_THAT(sigma.error().message,
              AllOf(HasSubstr("Sigma tmin"), HasSubstr("Schedule min sigma")));
}

TEST(Axis, EveryParameterHasItsFieldInTheMessage) {
  for (const AxisKind& kind : axis_kinds()) {
    if (!is_parameter(kind) || kind.type == AxisType::Size) continue;
    EXPECT_NE(v1::Parameters::descriptor()->FindFieldByName(std::string(kind.field)), nullptr)
        << kind.field;
  }
}

TEST(Axis, AChoiceHasItsOptionsAndANumberItsLimits) {
  for (const AxisKind& kind : axis_kinds()) {
    const bool is_number = kind.type == AxisType::Number || kind.type == AxisType::Integer ||
                           kind.type == AxisType::Seed;
    EXPECT_EQ(kind.options != nullptr, kind.type == AxisType::Choice) << kind.field;
    EXPECT_EQ(kind.limits.most > 0, is_number) << kind.field;
  }
}

TEST(Axis, AxesThatAreNotBuiltYetAreNotCalledUnknown) {
  for (const std::string_view text : {"Token merging ratio", "[FreeU] 1st stage backbone",
                                      "[Network] LoRA", "Face restore", "freeu", "Extra noise"}) {
    const auto kind = find_axis(text);
    ASSERT_FALSE(kind) << text;
    EXPECT_THAT(kind.error().message, HasSubstr("does not support yet")) << text;
  }
}

TEST(Axis, UnknownLabelsGetTheNearestAndTheList) {
  const auto typo = find_axis("Stesp");
  const auto nonsense = find_axis("grapefruit");
  const auto empty = find_axis("…");

  ASSERT_FALSE(typo);
  EXPECT_THAT(typo.error().message,
              AllOf(HasSubstr("is not an axis"), HasSubstr("\"Steps\""), HasSubstr("Clip skip")));
  ASSERT_FALSE(nonsense);
  EXPECT_THAT(nonsense.error().message, HasSubstr("is not an axis"));
  EXPECT_FALSE(empty);
}

TEST(Axis, EveryNameInTheTableFindsItsOwnRow) {
  for (const AxisKind& kind : axis_kinds()) {
    EXPECT_EQ(axis_named(kind.field), &kind) << kind.field;
    EXPECT_EQ(axis_named(kind.label), &kind) << kind.label;
    for (const std::string_view alias : kind.aliases) EXPECT_EQ(axis_named(alias), &kind) << alias;
    EXPECT_EQ(axis_of_field(kind.field), &kind);
  }
}

}  // namespace
}  // namespace furrow::spec
