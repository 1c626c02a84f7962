#include "worker/engine/pipelines/conditioning.h"

#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"

namespace furrow::engine::pipelines {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::int64_t kChunk = 3;  // tokens of a chunk, in these tests

v1::Recipe a_recipe_of(const std::string& prompt, const std::string& negative = "") {
  v1::Recipe recipe = a_recipe();
  recipe.set_prompt(prompt);
  recipe.set_negative_prompt(negative);
  return recipe;
}

/// Takes the place of the text encoder: a text has as many chunks as it has "+", and one; its
/// states are its first letter's number, and 1, 2, … behind the point.
struct FakeEncoder {
  std::vector<std::string> texts;

  Result<TextConditioning> operator()(const std::string& text) {
    texts.push_back(text);
    const auto chunks = 1 + std::count(text.begin(), text.end(), '+');
    const float first = text.empty() ? 0.F : static_cast<float>(text.front());
    return TextConditioning(
        (at::arange(1, chunks * kChunk + 1, at::kFloat) / 100 + first).view({1, -1, 1}));
  }
};

Conditioning conditioned(const v1::Recipe& recipe, FakeEncoder& encoder) {
  return condition(read_prompts(recipe).value(), {recipe.guidance_scale()}, std::ref(encoder))
      .value();
}

Conditioning conditioned(const v1::Recipe& recipe) {
  FakeEncoder encoder;
  return conditioned(recipe, encoder);
}

/// The first number of what a step is conditioned on.
float first_at(const ScheduledConditioning& prompt, int step) {
  return prompt.at(step).states.flatten()[0].item<float>();
}

/// The letter of the text that a step is conditioned on.
char letter_at(const ScheduledConditioning& prompt, int step) {
  return static_cast<char>(first_at(prompt, step));
}

TEST(ScheduledConditioning, HoldsUpToAndWithItsStep) {
  ScheduledConditioning prompt;
  EXPECT_FALSE(prompt.defined());
  prompt.add(2, at::full({1, 1, 1}, 2.0));
  prompt.add(5, at::full({1, 1, 1}, 5.0));

  EXPECT_EQ(first_at(prompt, 0), 2);
  EXPECT_EQ(first_at(prompt, 1), 2);
  EXPECT_EQ(first_at(prompt, 2), 5);
  EXPECT_EQ(first_at(prompt, 4), 5);
  EXPECT_EQ(first_at(prompt, 100), 5);
}

TEST(Condition, EncodesEachTextOnce) {
  FakeEncoder encoder;

  const Conditioning conditioning = conditioned(a_recipe_of("a [b|c] AND a b", "a c"), encoder);

  EXPECT_THAT(encoder.texts, ElementsAre("a b", "a c", " a b"));
  EXPECT_TRUE(conditioning.negative.defined());
}

TEST(Condition, FollowsTheSchedule) {
  v1::Recipe recipe = a_recipe_of("[a:b:2]", "[c|d]");
  recipe.set_steps(4);

  const Conditioning conditioning = conditioned(recipe);

  const ScheduledConditioning& positive = conditioning.positives.front().prompt;
  for (int step = 0; step < 4; ++step) {
    EXPECT_EQ(letter_at(positive, step), step < 2 ? 'a' : 'b') << step;
    EXPECT_EQ(letter_at(conditioning.negative, step), step % 2 == 0 ? 'c' : 'd') << step;
  }
}

TEST(Condition, MakesBothPromptsEquallyLongWithEmptyOnes) {
  const Conditioning conditioning = conditioned(a_recipe_of("a", "b++"));

  const at::Tensor positive = conditioning.positives.front().prompt.at(0).states.flatten();
  ASSERT_EQ(positive.size(0), 3 * kChunk);
  EXPECT_EQ(conditioning.negative.tokens(), 3 * kChunk);
  EXPECT_FLOAT_EQ(positive[kChunk - 1].item<float>(), 'a' + 0.03F);
  EXPECT_FLOAT_EQ(positive[kChunk].item<float>(), 0.01F);
  EXPECT_FLOAT_EQ(positive[3 * kChunk - 1].item<float>(), 0.03F);
}

TEST(Condition, MakesTheTextsOfAPromptEquallyLongWithEmptyOnes) {
  const Conditioning conditioning = conditioned(a_recipe_of("[a:b+:2]"));

  const at::Tensor first = conditioning.positives.front().prompt.at(0).states.flatten();
  ASSERT_EQ(first.size(0), 2 * kChunk);
  EXPECT_FLOAT_EQ(first[kChunk].item<float>(), 0.01F);
}

TEST(Condition, MakesComposedPromptsEquallyLongByTheirLastState) {
  const Conditioning conditioning = conditioned(a_recipe_of("a AND[b+:c:2]:0.5"));

  ASSERT_THAT(conditioning.positives, SizeIs(2));
  EXPECT_EQ(conditioning.positives[0].weight, 1);
  EXPECT_EQ(conditioning.positives[1].weight, 0.5);
  const at::Tensor first = conditioning.positives[0].prompt.at(0).states.flatten();
  ASSERT_EQ(first.size(0), 2 * kChunk);
  for (std::int64_t i = kChunk; i < 2 * kChunk; ++i)
    EXPECT_FLOAT_EQ(first[i].item<float>(), 'a' + 0.03F);
  EXPECT_EQ(conditioning.negative.tokens(), 2 * kChunk);
}

TEST(Condition, LeavesTheNegativePromptAloneWhenItCancelsOut) {
  FakeEncoder encoder;
  v1::Recipe recipe = a_recipe_of("a", "b");
  recipe.set_guidance_scale(1);
  EXPECT_FALSE(conditioned(recipe, encoder).negative.defined());
  EXPECT_THAT(encoder.texts, ElementsAre("a"));

  recipe.set_prompt("a :0.25 AND c :0.25");
  recipe.set_guidance_scale(2);
  EXPECT_FALSE(conditioned(recipe).negative.defined());
  recipe.set_guidance_scale(1);
  EXPECT_TRUE(conditioned(recipe).negative.defined());
}

TEST(ReadPrompts, DrawsByTheRecipesSeed) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    v1::Recipe recipe = a_recipe_of("{a|b}", "{c|d}");
    recipe.set_seed(seed);
    const RecipePrompts prompts = read_prompts(recipe).value();
    texts.insert(prompts.positive.text + prompts.negative.text);
  }
  EXPECT_THAT(texts, ElementsAre("ac", "ad", "bc", "bd"));
}

TEST(ReadPrompts, RefusesWhatItCannotApply) {
  const auto refusal = [](const std::string& prompt, const std::string& negative) {
    return read_prompts(a_recipe_of(prompt, negative)).error();
  };

  const Error hypernet = refusal("a cat <hypernet:fur:0.8>", "");
  EXPECT_EQ(hypernet.kind, ErrorKind::Invalid);
  EXPECT_THAT(hypernet.message, HasSubstr("<hypernet:fur:0.8>"));
  EXPECT_THAT(refusal("[a:b:c]", "").message, HasSubstr("prompt: character 1"));
  EXPECT_THAT(refusal("a", "[a:b:c]").message, HasSubstr("negative prompt: character 1"));
  EXPECT_THAT(refusal("__animal__", "").message, HasSubstr("wildcard"));
}

}  // namespace

}  // namespace furrow::engine::pipelines
