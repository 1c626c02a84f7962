#include "common/image/infotext.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::string written(const std::string& value) {
  const std::string text = format_infotext({"", "", {{"Key", value}}});
  return text.substr(std::string("Key: ").size());
}

/// An infotext with fields as every furrow picture has them.
Infotext with_prompts(std::string prompt, std::string negative) {
  return {std::move(prompt),
          std::move(negative),
          {{"Steps", "20"}, {"Sampler", "Euler a"}, {"CFG scale", "7"}, {"Seed", "5"}}};
}

TEST(Infotext, ValuesAreQuotedByTheRuleOfA1111) {
  EXPECT_EQ(written("a"), "a");
  EXPECT_EQ(written("a, b"), R"("a, b")");
  EXPECT_EQ(written("a:b"), R"("a:b")");
  EXPECT_EQ(written(R"(a"b)"), R"(a"b)");
  EXPECT_EQ(written(R"(a"b, c)"), R"("a\"b, c")");
  EXPECT_EQ(written("é, ü"), R"("é, ü")");
  EXPECT_EQ(written("l1\nl2"), R"("l1\nl2")");
  EXPECT_EQ(written("3.5"), "3.5");
  EXPECT_EQ(written("True"), "True");
}

TEST(Infotext, IsPromptThenNegativePromptThenOneLine) {
  EXPECT_EQ(format_infotext(with_prompts("a cat\non a mat", "dog,\nblurry")),
            "a cat\non a mat\n"
            "Negative prompt: dog,\nblurry\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5");
}

TEST(Infotext, HasNoNegativeLineWithoutANegativePrompt) {
  EXPECT_EQ(format_infotext(with_prompts("a cat", "")),
            "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5");
  EXPECT_EQ(format_infotext(with_prompts("", "")),
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5");
  EXPECT_EQ(format_infotext(with_prompts("", "dog")),
            "Negative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5");
}

TEST(Infotext, EveryPromptComesBack) {
  const std::vector<std::string> prompts = {
      "",
      "a cat",
      "two\nlines",
      "\n",
      "  spaces and\ttabs \n\n at both ends \n",
      "Steps: 30, Sampler: Euler, Seed: 1, Size: 64x64",
      "a\nSteps: 30, Sampler: Euler, Seed: 1, Size: 64x64",
      "size: big, hat: red, seed: sunflower",
      "a cat, Negative prompt: in the middle of a line",
      "a cat\nNegative prompt: dog\nSteps: 20, Seed: 1, Size: 1x1",
      "Negative prompt: at its very start",
      R"(he said "hi", (a:1.2), [b|c], <lora:x:0.5>, \(esc\))",
      "一只猫，戴着帽子：红色",
      "قطة تجلس على السجادة",
      "बिल्ली 🐱👩‍👩‍👧",
      "Template: of a kind",
      "windows\r\nline ends",
  };

  for (const std::string& prompt : prompts) {
    for (const std::string& negative : {std::string(), std::string("dog\nTemplate: x"), prompt}) {
      if (negative.find("Negative prompt:") == 0) continue;
      if (negative.find("\nNegative prompt:") != std::string::npos) continue;
      const Infotext infotext = with_prompts(prompt, negative);
      const std::string text = format_infotext(infotext);
      EXPECT_EQ(parse_infotext(text), infotext) << text;
    }
  }
}

TEST(Infotext, EveryValueComesBack) {
  const Infotext infotext = {"a cat",
                             "",
                             {{"Steps", "20"},
                              {"Size", "512x768"},
                              {"Empty", ""},
                              {"Model", "v1-5-pruned_emaonly"},
                              {"Lora hashes", "x: 0011, y: 22"},
                              {"X Values", "\"a, b\", c"},
                              {"Quoted", "\"whole\""},
                              {"Opens", "\"without end"},
                              {"Two lines", "l1\nl2"},
                              {"Spaced", "  in and out "},
                              {"CLiP-skip", "2"},
                              {"A/B", "007"},
                              {"Same", "Same"},
                              {"Backslash", R"(C:\models, "x"\)"},
                              {"Unicode", "é, 猫: 🐱"},
                              {"Version", "furrow 0.1.0"}}};

  EXPECT_EQ(parse_infotext(format_infotext(infotext)), infotext) << format_infotext(infotext);
}

TEST(Infotext, ReadsATextOfA1111) {
  const Infotext infotext = parse_infotext(
      "masterpiece, (cat:1.2)\nNegative prompt: lowres, bad: hands\n"
      "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 1234567890123, "
      "Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, "
      "Lora hashes: \"add_detail: 7c6bad76eb54, x: 0011\", Version: v1.10.1\n");

  EXPECT_EQ(infotext.prompt, "masterpiece, (cat:1.2)");
  EXPECT_EQ(infotext.negative_prompt, "lowres, bad: hands");
  EXPECT_THAT(
      infotext.fields,
      ElementsAre(Pair("Steps", "20"), Pair("Sampler", "DPM++ 2M"), Pair("Schedule type", "Karras"),
                  Pair("CFG scale", "7.5"), Pair("Seed", "1234567890123"), Pair("Size", "512x768"),
                  Pair("Model hash", "6ce0161689"), Pair("Model", "v1-5-pruned-emaonly"),
                  Pair("Clip skip", "2"), Pair("Lora hashes", "add_detail: 7c6bad76eb54, x: 0011"),
                  Pair("Version", "v1.10.1")));
}

TEST(Infotext, ReadsATextOfSdnext) {
  const Infotext infotext = parse_infotext(
      "a cat\nNegative prompt: \nTemplate: a __animal__\nNegative template: none\n"
      "Steps: 20, Size: 512x768, Sampler: Euler a, Scheduler: EulerAncestralDiscreteScheduler, "
      "Seed: 007, CFG scale: 7, CLiP-skip: 2, App: SD.Next, Version: 058a7f0, Model: 12345, "
      "LoRA networks: detail");

  EXPECT_EQ(infotext.prompt, "a cat");
  EXPECT_EQ(infotext.negative_prompt, "");
  EXPECT_EQ(infotext.field("Seed"), "007");
  EXPECT_EQ(infotext.field("CLiP-skip"), "2");
  EXPECT_EQ(infotext.field("Model"), "12345");
  EXPECT_EQ(infotext.field("Template"), "a __animal__");
  EXPECT_EQ(infotext.field("Negative template"), "none");
}

TEST(Infotext, ReadsTheExamplesOfSdnextWithoutItsQuirks) {
  const Infotext keyword_in_prompt =
      parse_infotext("cat, size: big, hat\nNegative prompt: dog\nSteps: 20, Seed: 5");
  EXPECT_EQ(keyword_in_prompt,
            (Infotext{"cat, size: big, hat", "dog", {{"Steps", "20"}, {"Seed", "5"}}}));

  EXPECT_EQ(parse_infotext("Negative prompt: dog\nSteps: 20, Seed: 5"),
            (Infotext{"", "dog", {{"Steps", "20"}, {"Seed", "5"}}}));
}

TEST(Infotext, WithoutParametersAllIsPrompt) {
  EXPECT_EQ(parse_infotext("just a prompt"), (Infotext{"just a prompt", "", {}}));
  EXPECT_EQ(parse_infotext("a: b, and c: d"), (Infotext{"a: b, and c: d", "", {}}));
  EXPECT_EQ(parse_infotext("Steps: up, and down: 2"), (Infotext{"Steps: up, and down: 2", "", {}}));
  EXPECT_EQ(parse_infotext(""), Infotext{});
  EXPECT_EQ(parse_infotext("a cat\nNegative prompt: dog"), (Infotext{"a cat", "dog", {}}));
}

TEST(Infotext, BrokenParametersAreReadAsFarAsTheyGo) {
  EXPECT_THAT(parse_infotext("Steps: 20, Size: , Model: \"cut off, Seed: 5, (x) Eta: 1,,").fields,
              ElementsAre(Pair("Steps", "20"), Pair("Size", ""), Pair("Model", "\"cut off"),
                          Pair("Seed", "5"), Pair("Eta", "1")));
  EXPECT_THAT(parse_infotext(":,:,:").fields, IsEmpty());
}

}  // namespace
}  // namespace furrow::image
