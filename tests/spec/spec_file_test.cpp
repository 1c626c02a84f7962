#include "common/spec/spec_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kYaml = R"(# a sweep
name: first
owner: ada
priority: -2
params:
  prompt: a cat face, 猫
  negative_prompt:
  seed: -1
  steps: 20
  cfg: 6.5
  sampler: Euler a
  size: 128x64
  clip_skip: 1
axes:
  - {axis: Prompt S/R, values: "cat face, dog face", role: x}
  - label: CFG scale
    values: [1, 2.5, "3"]
    role: Y
  - Seed: 1-4
)";

constexpr std::string_view kJson = R"({
  "name": "first", "owner": "ada", "priority": -2,
  "params": {"prompt": "a cat face, \u732b", "negative_prompt": "", "seed": -1, "steps": 20,
             "cfg": 6.5, "sampler": "Euler a", "size": "128x64", "clip_skip": 1},
  "axes": [{"axis": "Prompt S/R", "values": "cat face, dog face", "role": "x"},
           {"label": "CFG scale", "values": [1, 2.5, "3"], "role": "Y"},
           {"Seed": "1-4"}]
})";

std::string fault_of(std::string_view text, SpecFormat format = SpecFormat::Yaml) {
  const auto spec = read_spec(text, format);
  return spec ? "(no fault)" : spec.error().message;
}

TEST(SpecFile, ReadsAWholeSweep) {
  const auto spec = read_spec(kYaml, SpecFormat::Yaml);

  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name(), "first");
  EXPECT_EQ(spec->owner(), "ada");
  EXPECT_EQ(spec->priority(), -2);
  EXPECT_EQ(spec->base().prompt(), "a cat face, 猫");
  EXPECT_TRUE(spec->base().has_negative_prompt());
  EXPECT_EQ(spec->base().seed(), -1);
  EXPECT_EQ(spec->base().guidance_scale(), 6.5);
  EXPECT_EQ(spec->base().width(), 128);
  EXPECT_EQ(spec->base().height(), 64);
  ASSERT_EQ(spec->axes_size(), 3);
  EXPECT_EQ(spec->axes(0).label(), "Prompt S/R");
  EXPECT_EQ(spec->axes(0).text(), "cat face, dog face");
  EXPECT_EQ(spec->axes(0).role(), v1::AXIS_ROLE_X);
  EXPECT_THAT(spec->axes(1).list(), ElementsAre("1", "2.5", "3"));
  EXPECT_EQ(spec->axes(1).role(), v1::AXIS_ROLE_Y);
  EXPECT_EQ(spec->axes(2).label(), "Seed");
  EXPECT_EQ(spec->axes(2).text(), "1-4");
}

TEST(SpecFile, JsonOfTheSameShapeIsTheSameSweep) {
  const auto yaml = read_spec(kYaml, SpecFormat::Yaml);
  const auto json = read_spec(kJson, SpecFormat::Json);

  ASSERT_TRUE(json) << json.error().message;
  EXPECT_TRUE(MessageDifferencer::Equals(*yaml, *json));
}

TEST(SpecFile, AxesMayBeAMapInItsOrder) {
  const auto spec =
      read_spec("axes:\n  CFG scale: 1-9 (+2)\n  Seed: [1, 2]\n  Steps: {values: 20, role: z}\n",
                SpecFormat::Yaml);

  ASSERT_TRUE(spec) << spec.error().message;
  ASSERT_EQ(spec->axes_size(), 3);
  EXPECT_EQ(spec->axes(0).text(), "1-9 (+2)");
  EXPECT_THAT(spec->axes(1).list(), ElementsAre("1", "2"));
  EXPECT_EQ(spec->axes(2).text(), "20");
  EXPECT_EQ(spec->axes(2).role(), v1::AXIS_ROLE_Z);
}

TEST(SpecFile, JsonJoinsSurrogatePairs) {
  const auto spec = read_spec(R"({"params": {"prompt": "\ud83d\ude00"}})", SpecFormat::Json);

  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->base().prompt(), "😀");
}

TEST(SpecFile, LabelsOfOtherProgramsAreParametersToo) {
  const auto spec = read_spec("params: {Sampling steps: 5, '[Guidance] Scale': 3, Checkpoint: x}",
                              SpecFormat::Yaml);

  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->base().steps(), 5);
  EXPECT_EQ(spec->base().guidance_scale(), 3);
  EXPECT_EQ(spec->base().model(), "x");
}

TEST(SpecFile, ReadsPicturesOptionsAndTruthValues) {
  const auto spec = read_spec(
      "params:\n  Init image: cats/one.png\n  mask: m.png\n  denoising_strength: 0.4\n"
      "  mask_invert: yes\n  only_masked: Whole picture\n  masked_content: latent noise\n"
      "  hr_second_pass_steps: 5\n  subseed: -1\n  ENSD: 31337\n",
      SpecFormat::Yaml);

  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->base().init_image().name(), "cats/one.png");
  EXPECT_EQ(spec->base().mask().name(), "m.png");
  EXPECT_EQ(spec->base().denoising_strength(), 0.4);
  EXPECT_TRUE(spec->base().mask_invert());
  EXPECT_TRUE(spec->base().has_only_masked());
  EXPECT_FALSE(spec->base().only_masked());
  EXPECT_EQ(spec->base().masked_content(), "latent noise");
  EXPECT_EQ(spec->base().hires_steps(), 5);
  EXPECT_EQ(spec->base().variation_seed(), -1);
  EXPECT_EQ(spec->base().eta_noise_seed_delta(), 31337);
}

TEST(SpecFile, FaultsOfPicturesAndOptionsAreTold) {
  const std::string message = fault_of(
      "params:\n  init_image: [a, b]\n  mask:\n  mask_invert: perhaps\n  denoising_strenght: 1\n");

  EXPECT_THAT(message, HasSubstr("Line 2: init_image is a single value"));
  EXPECT_THAT(message, HasSubstr("Line 3: mask: \"\" names no file."));
  EXPECT_THAT(message, HasSubstr("Line 4: mask_invert: \"perhaps\" is not known here."));
  EXPECT_THAT(message, HasSubstr("Did you mean \"denoising_strength\"?"));
  EXPECT_THAT(fault_of("params: {mask: a, Mask: b}"), HasSubstr("mask is set twice"));
}

TEST(SpecFile, EveryFaultIsToldWithItsLine) {
  const std::string message = fault_of(
      "nmae: first\n"
      "params:\n"
      "  stpes: 20\n"
      "  steps: 20.5\n"
      "  size: large\n"
      "  seed: [1, 2]\n"
      "axes:\n"
      "  - {axis: Seed, valeus: 1-4}\n"
      "  - {axis: Steps, values: 1-4, role: w}\n");

  EXPECT_THAT(message, HasSubstr("Line 1: \"nmae\" is not a key here. Did you mean \"name\"?"));
  EXPECT_THAT(message, HasSubstr("Line 3: \"stpes\" is not a parameter. Did you mean \"steps\"?"));
  EXPECT_THAT(message, HasSubstr("Line 4: steps: \"20.5\" is not a whole number."));
  EXPECT_THAT(message, HasSubstr("Line 5: size: \"large\" is not a size."));
  EXPECT_THAT(message, HasSubstr("Line 6: seed is a single value"));
  EXPECT_THAT(message, HasSubstr("Line 8: \"valeus\" is not a key here. Did you mean \"values\"?"));
  EXPECT_THAT(message, HasSubstr("Line 8: this axis has no values."));
  EXPECT_THAT(message, HasSubstr("Line 9: role: \"w\" is none of x, y, z."));
}

TEST(SpecFile, JsonFaultsHaveLinesToo) {
  const std::string message = fault_of(
      "{\n  \"name\": \"a\",\n  \"axes\": [\n    {\"axis\": \"Seed\", \"vals\": 1}\n  ]\n}",
      SpecFormat::Json);

  EXPECT_THAT(message, HasSubstr("Line 4: \"vals\" is not a key here."));
}

TEST(SpecFile, BrokenDocumentsAreNamedWithTheirLine) {
  EXPECT_THAT(fault_of("a: [1, 2\nb: }"), AllOf(HasSubstr("Line 2"), HasSubstr("not YAML")));
  EXPECT_THAT(fault_of("{\n\"a\": 1,\n}", SpecFormat::Json),
              AllOf(HasSubstr("Line 3"), HasSubstr("not JSON")));
  EXPECT_THAT(fault_of("", SpecFormat::Json), HasSubstr("not JSON"));
  EXPECT_THAT(fault_of("[1, 2]"), HasSubstr("a sweep is a map"));
  EXPECT_THAT(fault_of(""), HasSubstr("a sweep is a map"));
  EXPECT_THAT(fault_of("a\xff"), HasSubstr("UTF-8"));
}

TEST(SpecFile, TheSameThingTwiceIsAFault) {
  EXPECT_THAT(fault_of("name: a\nname: b"), HasSubstr("Line 2: name is set twice."));
  EXPECT_THAT(fault_of("params: {cfg: 1, CFG scale: 2}"), HasSubstr("guidance_scale is set twice"));
  EXPECT_THAT(fault_of("params: {size: 8x8, width: 8}"), HasSubstr("size sets width and height"));
  EXPECT_THAT(fault_of("axes: [{axis: a, label: b, values: 1}]"), HasSubstr("named twice"));
}

TEST(SpecFile, AxesThatEditTextsAreNoParameters) {
  EXPECT_THAT(fault_of("params: {Prompt S/R: 'a, b'}"), HasSubstr("is not a parameter"));
}

TEST(SpecFile, DocumentsAreBounded) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += "*a" + std::to_string(i - 1) + ",";
    bomb += "]\n";
  }
  EXPECT_THAT(fault_of(bomb), HasSubstr("too many parts"));
  EXPECT_THAT(fault_of(std::string(100, '[') + std::string(100, ']'), SpecFormat::Json),
              HasSubstr("too deeply"));
  EXPECT_THAT(fault_of(std::string(100'000, '[')), HasSubstr("Line 1"));
  EXPECT_THAT(fault_of(std::string(kMaxSpecBytes + 1, ' ')), HasSubstr("the most is"));
}

TEST(SpecFile, OneFileIsOneSweep) {
  const auto two = read_spec("---\nname: a\n---\nname: b\n", SpecFormat::Yaml);

  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, testing::HasSubstr("Line 3"));
  EXPECT_TRUE(read_spec("# a sweep\n---\nname: a\n", SpecFormat::Yaml));
  EXPECT_FALSE(read_spec(std::string_view("name: \0a", 8), SpecFormat::Yaml));
}

TEST(SpecFile, AnAxisFlagIsALabelAndValues) {
  const auto axis = parse_axis_flag(" CFG scale : 1-9:3 ", v1::AXIS_ROLE_Y);

  ASSERT_TRUE(axis);
  EXPECT_EQ(axis->label(), "CFG scale");
  EXPECT_EQ(axis->text(), "1-9:3");
  EXPECT_EQ(axis->role(), v1::AXIS_ROLE_Y);
  EXPECT_FALSE(parse_axis_flag("CFG scale 1-9", v1::AXIS_ROLE_X));
  EXPECT_FALSE(parse_axis_flag(": 1-9", v1::AXIS_ROLE_X));
  EXPECT_FALSE(parse_axis_flag("Seed: \xff", v1::AXIS_ROLE_X));
}

TEST(SpecFile, ParametersAreSetByAnyOfTheirNames) {
  v1::Parameters parameters;

  EXPECT_TRUE(set_parameter(parameters, "negative-prompt", "dog"));
  EXPECT_TRUE(set_parameter(parameters, "clip-skip", "2"));
  EXPECT_TRUE(set_parameter(parameters, "cfg", "1e1"));
  EXPECT_FALSE(set_parameter(parameters, "cfg", "ten"));
  EXPECT_FALSE(set_parameter(parameters, "steps", ""));
  EXPECT_FALSE(set_parameter(parameters, "cfg", "inf"));

  EXPECT_EQ(parameters.negative_prompt(), "dog");
  EXPECT_EQ(parameters.clip_skip(), 2);
  EXPECT_EQ(parameters.guidance_scale(), 10);
}

}  // namespace
}  // namespace furrow::spec
