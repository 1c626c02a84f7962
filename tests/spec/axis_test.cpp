#include "common/spec/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

  const auto ambiguous = find_axis("name");

  ASSERT_FALSE(ambiguous);
  EXPECT_THAT(ambiguous.error().message, AllOf(HasSubstr("Sampler"), HasSubstr("Model")));
}

TEST(Axis, AxesThatAreNotBuiltYetAreNotCalledUnknown) {
  for (const std::string_view text :
       {"Denoising strength", "[Param] Denoising strength", "[Refine] Sampler", "Var. seed",
        "denois", "[Network] LoRA", "Hires steps", "UniPC Order"}) {
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
