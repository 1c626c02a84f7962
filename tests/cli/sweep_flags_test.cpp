#include "cli/sweep_flags.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands/entries.h"
#include "common/base/files.h"
#include "common/spec/axis.h"

namespace furrow::cli {

namespace {

using testing::HasSubstr;

Arguments flags(const std::vector<std::pair<std::string, std::string>>& given) {
  Arguments arguments;
  for (const auto& [flag, value] : given) arguments.add_flag(flag, value);
  return arguments;
}

std::string write_sweep(const std::string& name, const std::string& text) {
  const auto file = std::filesystem::path(testing::TempDir()) / name;
  EXPECT_TRUE(write_file(file, text, Durability::Cached));
  return file.string();
}

TEST(SweepOfFlags, SetsEveryParameter) {
  const auto sweep = sweep_of_flags(flags({{"model", "emoji-diffusion"},
                                           {"prompt", "a cat face"},
                                           {"negative-prompt", "blurry"},
                                           {"steps", "20"},
                                           {"cfg", "6.5"},
                                           {"sampler", "Euler a"},
                                           {"schedule", "karras"},
                                           {"size", "128x64"},
                                           {"seed", "-1"},
                                           {"clip-skip", "2"},
                                           {"vae", "automatic"},
                                           {"name", "first"},
                                           {"owner", "ada"},
                                           {"priority", "-2"}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  const v1::Parameters& base = sweep->base();
  EXPECT_EQ(base.model(), "emoji-diffusion");
  EXPECT_EQ(base.negative_prompt(), "blurry");
  EXPECT_EQ(base.steps(), 20);
  EXPECT_EQ(base.guidance_scale(), 6.5);
  EXPECT_EQ(base.sampler(), "Euler a");
  EXPECT_EQ(base.width(), 128);
  EXPECT_EQ(base.height(), 64);
  EXPECT_EQ(base.seed(), -1);
  EXPECT_EQ(base.clip_skip(), 2);
  EXPECT_EQ(sweep->name(), "first");
  EXPECT_EQ(sweep->owner(), "ada");
  EXPECT_EQ(sweep->priority(), -2);
}

TEST(SweepOfFlags, EveryParameterHasAFlagThatSetsIt) {
  const auto has_flag = [](std::string_view name) {
    return std::ranges::any_of(submit_flags(), [&](const Flag& flag) { return flag.name == name; });
  };
  for (const spec::AxisKind& kind : spec::axis_kinds()) {
    if (!spec::is_parameter(kind)) continue;
    std::string name(kind.field == "guidance_scale" ? "cfg" : kind.field);
    std::ranges::replace(name, '_', '-');
    EXPECT_TRUE(has_flag(name)) << name;
  }
}

TEST(SweepOfFlags, SetsTheParametersThatOnlySomeRunsHave) {
  const auto sweep = sweep_of_flags(flags({{"denoising-strength", "0.4"},
                                           {"mask-invert", ""},
                                           {"hires-scale", "2"},
                                           {"noise-source", "NV"},
                                           {"variation-seed", "-1"},
                                           {"discard-next-to-last-sigma", ""}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  EXPECT_EQ(sweep->base().denoising_strength(), 0.4);
  EXPECT_TRUE(sweep->base().mask_invert());
  EXPECT_EQ(sweep->base().hires_scale(), 2);
  EXPECT_EQ(sweep->base().noise_source(), "NV");
  EXPECT_EQ(sweep->base().variation_seed(), -1);
  EXPECT_TRUE(sweep->base().discard_next_to_last_sigma());
}

TEST(SweepOfFlags, PicturesHaveTheAbsolutePathsOfTheirFiles) {
  const auto file = write_sweep("pictures.yaml", "params: {init_image: ./cat.png, mask: /m.png}\n");

  const auto of_file = sweep_of_flags(flags({{"spec", file}}));
  const auto of_flag = sweep_of_flags(flags({{"spec", file}, {"init-image", "dog.png"}}));

  ASSERT_TRUE(of_file) << of_file.error().message;
  const auto folder = std::filesystem::path(file).parent_path();
  EXPECT_EQ(of_file->base().init_image().name(), (folder / "cat.png").string());
  EXPECT_EQ(of_file->base().mask().name(), "/m.png");
  ASSERT_TRUE(of_flag) << of_flag.error().message;
  EXPECT_EQ(of_flag->base().init_image().name(),
            (std::filesystem::current_path() / "dog.png").string());
}

TEST(SweepOfFlags, GivesTheAxesTheirRolesAndOrder) {
  const auto sweep = sweep_of_flags(flags({{"z", "Seed: 1-4"},
                                           {"axis", "Steps: 10, 20"},
                                           {"x", "Prompt S/R: cat face, dog face"},
                                           {"y", "CFG scale: 1-9 (+2)"}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  ASSERT_EQ(sweep->axes_size(), 4);
  EXPECT_EQ(sweep->axes(0).label(), "Prompt S/R");
  EXPECT_EQ(sweep->axes(0).role(), v1::AXIS_ROLE_X);
  EXPECT_EQ(sweep->axes(1).role(), v1::AXIS_ROLE_Y);
  EXPECT_EQ(sweep->axes(2).role(), v1::AXIS_ROLE_Z);
  EXPECT_EQ(sweep->axes(3).label(), "Steps");
  EXPECT_EQ(sweep->axes(3).role(), v1::AXIS_ROLE_UNSPECIFIED);
}

TEST(SweepOfFlags, FlagsWinOverTheFile) {
  const auto file = write_sweep("sweep.yaml",
                                "name: of the file\n"
                                "params: {prompt: a cat face, steps: 20}\n"
                                "axes:\n"
                                "  - {axis: Seed, values: 1-4, role: x}\n"
                                "  - {axis: CFG scale, values: 1-9, role: y}\n");

  const auto sweep = sweep_of_flags(flags({{"spec", file}, {"steps", "30"}, {"x", "Seed: 7, 8"}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  EXPECT_EQ(sweep->name(), "of the file");
  EXPECT_EQ(sweep->base().prompt(), "a cat face");
  EXPECT_EQ(sweep->base().steps(), 30);
  ASSERT_EQ(sweep->axes_size(), 2);
  EXPECT_EQ(sweep->axes(0).role(), v1::AXIS_ROLE_X);
  EXPECT_THAT(sweep->axes(0).text(), HasSubstr("7, 8"));
}

TEST(SweepOfFlags, AFlagTakesThePlaceOfTheFilesAxisOfTheSameField) {
  const auto file = write_sweep("axes.yaml",
                                "params: {prompt: a cat face}\n"
                                "axes: [{axis: seed, values: 1-4, role: z}]\n");

  const auto sweep = sweep_of_flags(flags({{"spec", file}, {"axis", "Seed: 7, 8"}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  ASSERT_EQ(sweep->axes_size(), 1);
  EXPECT_EQ(sweep->axes(0).role(), v1::AXIS_ROLE_Z);
  EXPECT_THAT(sweep->axes(0).text(), HasSubstr("7, 8"));
}

TEST(SweepOfFlags, NoFlagTakesThePlaceOfAnother) {
  const auto sweep =
      sweep_of_flags(flags({{"axis", "Prompt S/R: cat, owl"}, {"axis", "Prompt S/R: dog, wolf"}}));

  ASSERT_TRUE(sweep) << sweep.error().message;
  EXPECT_EQ(sweep->axes_size(), 2);
}

TEST(SweepOfFlags, TellsEveryFaultAtOnce) {
  const auto sweep =
      sweep_of_flags(flags({{"steps", "many"}, {"size", "huge"}, {"x", "no colon here"}}));

  ASSERT_FALSE(sweep);
  EXPECT_EQ(sweep.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(sweep.error().message, HasSubstr("--steps: \"many\""));
  EXPECT_THAT(sweep.error().message, HasSubstr("--size: \"huge\""));
  EXPECT_THAT(sweep.error().message, HasSubstr("no colon here"));
}

TEST(SweepOfFlags, NamesTheFileOfAFault) {
  const auto file = write_sweep("bad.json", "{\"params\": {\"steps\": [}");

  const auto sweep = sweep_of_flags(flags({{"spec", file}}));

  ASSERT_FALSE(sweep);
  EXPECT_THAT(sweep.error().message, testing::StartsWith(file + ": "));
}

}  // namespace

}  // namespace furrow::cli
