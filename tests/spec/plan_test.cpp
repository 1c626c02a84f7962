#include "common/spec/plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/grid.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// The fault of a sweep that must have one.
std::string fault_of(const SweepBuilder& sweep, const Catalog& catalog = a_catalog()) {
  const auto plan = sweep.plan(catalog);
  if (plan) return "(no fault)";
  EXPECT_EQ(plan.error().kind, ErrorKind::Invalid);
  return plan.error().message;
}

v1::Plan plan_of(const SweepBuilder& sweep, const Catalog& catalog = a_catalog()) {
  auto plan = sweep.plan(catalog);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? plan->plan : v1::Plan();
}

std::vector<std::string> labels_of(const v1::Plan& plan, std::size_t axis) {
  const Grid grid(plan);
  std::vector<std::string> labels;
  for (std::uint64_t i = 0; i < grid.lengths()[axis]; ++i)
    labels.push_back(grid.value_label(axis, i));
  return labels;
}

TEST(Plan, AnEmptySweepTakesTheDocumentedDefaults) {
  const v1::Recipe base = plan_of(a_sweep()).base();

  EXPECT_EQ(base.steps(), kDefaultSteps);
  EXPECT_EQ(base.guidance_scale(), kDefaultGuidanceScale);
  EXPECT_EQ(base.sampler(), kDefaultSampler);
  EXPECT_EQ(base.schedule(), kDefaultSchedule);
  EXPECT_EQ(base.width(), 128U);
  EXPECT_EQ(base.height(), 128U);
  EXPECT_EQ(base.clip_skip(), 1U);
  EXPECT_EQ(base.seed(), 1000U);
  EXPECT_EQ(base.model().name(), "emoji");
  EXPECT_EQ(base.model().hash(), sha256("emoji").raw());
  EXPECT_FALSE(base.has_vae());
}

TEST(Plan, TheBaseIsResolved) {
  SweepBuilder sweep = a_sweep().prompt("a cat");
  sweep.base().set_sampler("DPM++ 2M Karras");
  sweep.base().set_vae("SHARP");
  sweep.base().set_seed(7);
  sweep.base().set_width(64);

  const v1::Recipe base = plan_of(sweep).base();

  EXPECT_EQ(base.sampler(), "dpmpp_2m");
  EXPECT_EQ(base.schedule(), "karras");
  EXPECT_EQ(base.vae().name(), "sharp");
  EXPECT_EQ(base.seed(), 7U);
  EXPECT_EQ(base.width(), 64U);
  EXPECT_EQ(base.height(), 128U);
}

TEST(Plan, AxesOfEveryTypeAreResolved) {
  const auto plan = plan_of(a_sweep()
                                .prompt("a cat, a dog")
                                .axis("[Param] Steps", "10-20 (+5)")
                                .axis("cfg", "1.5, 7")
                                .axis("Sampler", "Euler a, DPM++ 2M Karras")
                                .axis("Size", "64x128, 128 x 64")
                                .axis("Prompt order", "a cat, a dog")
                                .axis("Checkpoint name", "emoji.safetensors")
                                .axis("[Model] VAE", "Automatic, sharp"));

  EXPECT_EQ(plan.axes(0).field(), "steps");
  EXPECT_EQ(plan.axes(0).label(), "Steps");
  EXPECT_THAT(labels_of(plan, 0), ElementsAre("10", "15", "20"));
  EXPECT_THAT(labels_of(plan, 1), ElementsAre("1.5", "7"));
  EXPECT_THAT(labels_of(plan, 2), ElementsAre("Euler a", "DPM++ 2M Karras"));
  EXPECT_THAT(labels_of(plan, 3), ElementsAre("64x128", "128x64"));
  EXPECT_THAT(labels_of(plan, 4), ElementsAre("a cat, a dog", "a dog, a cat"));
  EXPECT_THAT(labels_of(plan, 5), ElementsAre("emoji"));
  EXPECT_THAT(labels_of(plan, 6), ElementsAre("Automatic", "sharp"));
}

TEST(Plan, AListIsTakenLiterallyAndTextsKeepTheirCommas) {
  const auto plan = plan_of(a_sweep().listed("Prompt", {"a, b", "\"c\" || d", ""}));

  EXPECT_THAT(labels_of(plan, 0), ElementsAre("a, b", "\"c\" || d", ""));
}

TEST(Plan, AMillionSeedsAreOneRun) {
  const auto plan = plan_of(a_sweep().axis("Seed", "1-1000000"));

  ASSERT_EQ(plan.axes(0).values().integers_size(), 1);
  EXPECT_EQ(plan.axes(0).values().integers(0).count(), 1'000'000U);
  EXPECT_LT(plan.ByteSizeLong(), 200U);
}

TEST(Plan, EachMinusOneOnASeedAxisIsAnotherSeed) {
  const auto plan = plan_of(a_sweep().axis("Seed", "-1, 1001, -1, -1"));

  EXPECT_THAT(labels_of(plan, 0), ElementsAre("1000", "1001", "1002", "1003"));
}

TEST(Plan, ASeedOutOfRangeIsAFaultAndSoIsARangeThroughMinusOne) {
  EXPECT_THAT(fault_of(a_sweep().axis("Seed", "-2")), HasSubstr("-1 to draw one"));
  EXPECT_THAT(fault_of(a_sweep().axis("Seed", "-1-3")), HasSubstr("-1 to draw one"));
  SweepBuilder sweep = a_sweep();
  sweep.base().set_seed(-2);
  EXPECT_THAT(fault_of(sweep), HasSubstr("Seed: -2 is out of range"));
}

TEST(Plan, DuplicatesAreKeptWithAWarning) {
  const auto plan =
      a_sweep().axis("Steps", "20, 10-30 (+10), 5").axis("Sampler", "Euler, k_euler").plan();

  ASSERT_TRUE(plan);
  EXPECT_THAT(labels_of(plan->plan, 0), ElementsAre("20", "10", "20", "30", "5"));
  ASSERT_EQ(plan->warnings.size(), 2U);
  EXPECT_THAT(plan->warnings[0], AllOf(HasSubstr("\"Steps\""), HasSubstr("20")));
  EXPECT_THAT(plan->warnings[1], AllOf(HasSubstr("\"Sampler\""), HasSubstr("Euler")));
}

TEST(Plan, EveryFaultIsToldAtOnce) {
  SweepBuilder sweep = a_sweep()
                           .axis("Stesp", "1-5")
                           .axis("CFG scale", "1, seven, 1-5 (2)")
                           .axis("Sampler", "Euler, Eulre")
                           .axis("Seed", "");
  sweep.base().set_steps(0);
  sweep.base().set_model("emojy");

  const std::string message = fault_of(sweep);

  EXPECT_THAT(message, HasSubstr("Axis 1: \"Stesp\" is not an axis. Did you mean \"Steps\"?"));
  EXPECT_THAT(message, HasSubstr("Axis \"CFG scale\", value 2: \"seven\" is not a number"));
  EXPECT_THAT(message, HasSubstr("Axis \"CFG scale\", value 3: \"1-5 (2)\" needs a sign"));
  EXPECT_THAT(message, HasSubstr("Axis \"Sampler\", value 2: \"Eulre\" is not a sampler. Did you "
                                 "mean \"Euler\"?"));
  EXPECT_THAT(message, HasSubstr("Axis \"Seed\" has no values."));
  EXPECT_THAT(message, HasSubstr("Steps: 0 is out of range. Steps is 1 to 1000."));
  EXPECT_THAT(message,
              HasSubstr("Model: \"emojy\" is not a model that any worker has. Did you mean "
                        "\"emoji\"? There is emoji."));
  EXPECT_EQ(std::ranges::count(message, '\n'), 6);
}

TEST(Plan, SizesMustFitTheModel) {
  EXPECT_THAT(fault_of(a_sweep().axis("Size", "64x64, 64x100")),
              HasSubstr("value 2: \"64x100\" has a side of 100, which is not a multiple of 8, as "
                        "emoji needs. The nearest that fits is 104."));
  EXPECT_THAT(fault_of(a_sweep().axis("Width", "64-128 (+12)")),
              HasSubstr("has 76, which is not a multiple of 8"));
  EXPECT_THAT(fault_of(a_sweep().axis("Height", "4")), HasSubstr("8 to 16384"));
  SweepBuilder sweep = a_sweep();
  sweep.base().set_height(129);
  EXPECT_THAT(fault_of(sweep), HasSubstr("Height: 129 is not a multiple of 8"));
}

TEST(Plan, SizesMustFitEveryModelOfTheSweep) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("wide", {.vae_factor = 32, .default_size = 512}));

  const auto sweep = a_sweep().axis("Model", "emoji, wide").axis("Width", "96, 104");

  EXPECT_THAT(fault_of(sweep, catalog),
              AllOf(HasSubstr("\"104\" is not a multiple of 32"),
                    HasSubstr("emoji, wide together need"), Not(HasSubstr("\"96\""))));
}

TEST(Plan, AModelAxisNeedsNoDefaultModel) {
  Catalog catalog = a_catalog();
  catalog.default_model = "gone";

  EXPECT_EQ(plan_of(a_sweep().axis("Model", "emoji"), catalog).base().model().name(), "emoji");
  EXPECT_THAT(fault_of(a_sweep(), catalog), HasSubstr("Default model: \"gone\""));
}

TEST(Plan, ModelsOfDifferentSizesGetAWarning) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("large", {.default_size = 512}));

  const auto plan = a_sweep().axis("Model", "emoji, large").plan(catalog);

  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("128x128")));
}

TEST(Plan, AVaeMustFitTheModel) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("coarse", {.vae_factor = 16, .vae_only = true}));

  EXPECT_THAT(fault_of(a_sweep().axis("VAE", "sharp, coarse"), catalog),
              HasSubstr("VAE \"coarse\" has a factor of 16, model \"emoji\" one of 8"));
}

TEST(Plan, SearchedTextMustBeSomewhere) {
  EXPECT_THAT(fault_of(a_sweep().prompt("a dog").axis("Prompt S/R", "cat, dog")),
              AllOf(HasSubstr("Prompt S/R"), HasSubstr("value 1: \"cat\"")));
  EXPECT_THAT(fault_of(a_sweep().prompt("a Cat").axis("Prompt S/R", "cat, dog")),
              HasSubstr("\"cat\""));
  EXPECT_THAT(fault_of(a_sweep().prompt("a cat").axis("Prompt S/R", "\"\", dog")),
              HasSubstr("is empty"));
  EXPECT_TRUE(a_sweep().negative_prompt("cat").axis("Prompt S/R", "cat, dog").plan());
  EXPECT_THAT(fault_of(a_sweep().prompt(std::string(15'000, 'a')).axis("Prompt S/R", "a, long owl")),
              AllOf(HasSubstr("value 2: \"long owl\""), HasSubstr("120000 bytes")));
  EXPECT_THAT(fault_of(a_sweep().prompt(std::string("a\0b", 3))), HasSubstr("NUL"));
  EXPECT_TRUE(a_sweep().axis("Prompt", "a dog, a cat").axis("Prompt S/R", "cat, fox").plan());
}

TEST(Plan, ASearchMayFindWhatAnEarlierOneIntroduces) {
  const auto y_finds_x = a_sweep()
                             .prompt("a cat face")
                             .axis("Prompt S/R", "wolf face, moon", v1::AXIS_ROLE_Y)
                             .axis("Prompt S/R", "cat, wolf", v1::AXIS_ROLE_X);
  const auto x_before_y = a_sweep()
                              .prompt("a cat face")
                              .axis("Prompt S/R", "wolf face, moon", v1::AXIS_ROLE_X)
                              .axis("Prompt S/R", "cat, wolf", v1::AXIS_ROLE_Y);

  EXPECT_TRUE(y_finds_x.plan());
  EXPECT_THAT(fault_of(x_before_y), HasSubstr("\"wolf face\""));
}

TEST(Plan, ASearchThatMissesSomePromptsGetsAWarning) {
  const auto plan = a_sweep().axis("Prompt", "a cat, a dog").axis("Prompt S/R", "cat, fox").plan();

  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("1 of 2 prompts")));
}

TEST(Plan, AFaultyPromptAxisIsNotBlamedOnTheSearch) {
  const std::string message =
      fault_of(a_sweep().listed("Prompt", {"a \xff"}).axis("Prompt S/R", "cat, fox"));

  EXPECT_THAT(message, AllOf(HasSubstr("not valid UTF-8"), Not(HasSubstr("S/R"))));
}

TEST(Plan, PhrasesMustBeInEveryPrompt) {
  EXPECT_THAT(fault_of(a_sweep().prompt("a cat").axis("Prompt order", "cat, dog")),
              HasSubstr("value 2: \"dog\" is not in the prompt \"a cat\""));
  EXPECT_THAT(fault_of(a_sweep().axis("Prompt", "cat dog || cat").axis("Prompt order", "cat, dog")),
              HasSubstr("is not in the prompt \"cat\""));
  EXPECT_THAT(fault_of(a_sweep().prompt("abc").axis("Prompt order", "ab, bc")),
              HasSubstr("overlap"));
  EXPECT_THAT(fault_of(a_sweep().prompt("abc").axis("Prompt order", "a, a")),
              HasSubstr("listed twice"));
  EXPECT_THAT(fault_of(a_sweep().prompt("abcdefghi").axis("Prompt order", "a,b,c,d,e,f,g,h,i")),
              HasSubstr("9 phrases; the most is 8"));
}

TEST(Plan, AxesMustNotOverwriteEachOther) {
  EXPECT_THAT(fault_of(a_sweep().axis("Steps", "1").axis("[Param] Steps", "2")),
              HasSubstr("comes twice"));
  EXPECT_THAT(fault_of(a_sweep().axis("Size", "64x64").axis("Width", "64")),
              HasSubstr("set the same thing"));
  EXPECT_THAT(fault_of(a_sweep().axis("Sampler", "Euler Karras").axis("Schedule", "Simple")),
              HasSubstr("names a schedule"));
  EXPECT_TRUE(a_sweep().axis("Sampler", "Euler").axis("Schedule", "Simple").plan());
}

TEST(Plan, ASamplerAndAScheduleMustAgree) {
  SweepBuilder sweep = a_sweep();
  sweep.base().set_sampler("DPM++ 2M Karras");
  sweep.base().set_schedule("exponential");
  EXPECT_THAT(fault_of(sweep), HasSubstr("contradicts"));
  sweep.base().set_schedule("Karras");
  EXPECT_TRUE(sweep.plan());
}

TEST(Plan, RolesAreGivenByPositionUnlessSomeAreWritten) {
  const auto unwritten = plan_of(
      a_sweep().axis("Seed", "1").axis("Steps", "2").axis("cfg", "3").axis("Clip skip", "1"));
  const auto written = plan_of(a_sweep().axis("Seed", "1").axis("Steps", "2", v1::AXIS_ROLE_Y));

  EXPECT_EQ(unwritten.axes(0).role(), v1::AXIS_ROLE_X);
  EXPECT_EQ(unwritten.axes(2).role(), v1::AXIS_ROLE_Z);
  EXPECT_EQ(unwritten.axes(3).role(), v1::AXIS_ROLE_UNSPECIFIED);
  EXPECT_EQ(written.axes(0).role(), v1::AXIS_ROLE_UNSPECIFIED);
  EXPECT_EQ(written.axes(1).role(), v1::AXIS_ROLE_Y);
  EXPECT_THAT(
      fault_of(a_sweep().axis("Seed", "1", v1::AXIS_ROLE_X).axis("Steps", "2", v1::AXIS_ROLE_X)),
      HasSubstr("Two axes are X"));
}

TEST(Plan, AnAxisThatIsNotBuiltYetIsCalledSo) {
  EXPECT_THAT(fault_of(a_sweep().axis("Token merging ratio", "0.1-0.5")),
              HasSubstr("Axis 1: \"Token merging ratio\" is an axis of A1111 or sdnext that furrow "
                        "does not support yet."));
}

TEST(Plan, UnusualValuesGetAWarning) {
  const auto plan = a_sweep().axis("CFG scale", "7, 90").axis("Steps", "100-900 (+400)").plan();

  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->warnings, ElementsAre(HasSubstr("goes up to 90"), HasSubstr("goes up to 900")));
}

TEST(Plan, TheGridIsBounded) {
  EXPECT_THAT(fault_of(a_sweep().axis("Seed", "1-1000000").axis("Steps", "1-1000")),
              HasSubstr("more than 100000000 cells (Seed 1000000 × Steps 1000)"));
  EXPECT_TRUE(a_sweep().axis("Seed", "1-100000").axis("Steps", "1-1000").plan());
}

TEST(Plan, ManyFaultsAreCutShort) {
  std::string values;
  for (int i = 0; i < 5000; ++i) values += "x,";

  const std::string message = fault_of(a_sweep().axis("Steps", values));

  EXPECT_EQ(std::ranges::count(message, '\n'), 100);
  EXPECT_THAT(message, HasSubstr("… and 4900 more."));
}

TEST(Plan, TextsThatAreNotUtf8AreRefusedInValidUtf8) {
  SweepBuilder sweep = a_sweep().prompt("a \xff").axis("\xff", "1").axis("Sampler", "\xff");
  sweep.base().set_vae("\xff");
  sweep.spec().set_name("\xff");

  const std::string message = fault_of(sweep);

  EXPECT_THAT(message, HasSubstr("Prompt: the text is not valid UTF-8."));
  v1::JobSpec carries;
  carries.set_name(message);
  EXPECT_TRUE(v1::JobSpec().ParseFromString(carries.SerializeAsString()));
}

TEST(Plan, LargeTextsAreRefused) {
  const std::string large(kMaxText + 1, 'a');

  EXPECT_THAT(fault_of(a_sweep().prompt(large)), HasSubstr("longer than"));
  EXPECT_THAT(fault_of(a_sweep().listed("Prompt", {large})), HasSubstr("longer than"));
}

}  // namespace
}  // namespace furrow::spec
