#include "worker/engine/pipelines/encode_prompt.h"

#include <algorithm>
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

std::string repeated(const std::string& words, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += words;
  return text;
}

std::vector<std::vector<std::int64_t>> chunks_of(const std::string& text) {
  return prompt_chunks(embedded_model().tokenizer, text, PromptLength::Chunks);
}

/// What stands between the start and the first end token.
std::vector<std::int64_t> words_of(const std::vector<std::int64_t>& row) {
  const auto end = std::find(row.begin(), row.end(), embedded_model().tokenizer.eos_id());
  return {row.begin() + 1, end};
}

TEST(PromptChunks, IsOneRowForAShortPromptAndForNone) {
  const auto& tokenizer = embedded_model().tokenizer;

  EXPECT_THAT(chunks_of("cat face"), ElementsAre(tokenizer.encode_padded("cat face")));
  EXPECT_THAT(chunks_of(""), ElementsAre(tokenizer.encode_padded("")));
}

TEST(PromptChunks, LosesAndReordersNoToken) {
  const auto& tokenizer = embedded_model().tokenizer;
  const std::string text = repeated("red cat face on a blue background, ", 30);

  std::vector<std::int64_t> words;
  for (const auto& row : chunks_of(text)) {
    EXPECT_THAT(row, SizeIs(77));
    EXPECT_EQ(row.front(), tokenizer.bos_id());
    EXPECT_EQ(row.back(), tokenizer.eos_id());
    const auto more = words_of(row);
    words.insert(words.end(), more.begin(), more.end());
  }

  auto expected = tokenizer.encode(text);
  expected.erase(expected.begin());
  expected.pop_back();
  EXPECT_EQ(words, expected);
}

TEST(PromptChunks, EndsAChunkBehindANearbyComma) {
  const auto comma = embedded_model().tokenizer.encode(",")[1];

  const auto rows = chunks_of(repeated("cat face dog face, ", 40));

  ASSERT_GT(rows.size(), 1U);
  EXPECT_EQ(words_of(rows[0]).back(), comma);
}

TEST(PromptChunks, FillsAChunkWhenNoCommaIsNear) {
  const auto rows = chunks_of(repeated("cat ", 100));

  ASSERT_GT(rows.size(), 1U);
  EXPECT_THAT(words_of(rows[0]), SizeIs(75));
}

TEST(EncodePrompt, PutsTheChunksOneBehindTheOther) {
  const c10::InferenceMode no_gradients;
  const auto& model = embedded_model();
  const std::string text = repeated("cat ", 100);

  const at::Tensor states = encode_prompt(model, text, 1).value();

  EXPECT_EQ(states.sizes(), at::IntArrayRef({1, 2 * 77, model.text_encoder.config.hidden_size}));
  const at::Tensor first = encode_prompt(model, repeated("cat ", 75), 1).value();
  EXPECT_TRUE(at::allclose(states.narrow(1, 0, 77), first, 1e-5, 1e-5));
}

TEST(EncodePrompt, CountsSkippedLayersFromTheLast) {
  const c10::InferenceMode no_gradients;
  const auto& model = embedded_model();
  const at::Tensor ids = at::tensor(model.tokenizer.encode_padded("cat face"), at::kLong);
  const auto output = model.text_encoder.forward(ids.unsqueeze(0));
  const auto& states = output.hidden_states;

  EXPECT_TRUE(encode_prompt(model, "cat face", 1).value().equal(output.last_hidden_state));
  EXPECT_TRUE(encode_prompt(model, "cat face", 0).value().equal(output.last_hidden_state));
  EXPECT_TRUE(encode_prompt(model, "cat face", 2)
                  .value()
                  .equal(model.text_encoder.final_layer_norm(states[states.size() - 2])));
}

TEST(EncodePrompt, RefusesToSkipMoreLayersThanThereAre) {
  const auto states = encode_prompt(embedded_model(), "cat face", 4);

  ASSERT_FALSE(states.has_value());
  EXPECT_THAT(states.error().message, HasSubstr("clip skip 4"));
}

TEST(Condition, MakesBothPromptsEquallyLong) {
  const c10::InferenceMode no_gradients;
  const auto& model = embedded_model();
  v1::Recipe recipe = a_recipe();
  recipe.set_negative_prompt(repeated("dog ", 160));

  const auto conditioning = condition(recipe, [&](const std::string& text) {
                              return encode_prompt(model, text, 1);
                            }).value();

  ASSERT_EQ(conditioning.positive.sizes(), conditioning.negative.sizes());
  EXPECT_EQ(conditioning.positive.size(1), 3 * 77);
  const at::Tensor empty = encode_prompt(model, "", 1).value();
  EXPECT_TRUE(conditioning.positive.narrow(1, 2 * 77, 77).equal(empty));
}

TEST(Condition, LeavesTheNegativePromptAloneAtGuidanceScaleOne) {
  v1::Recipe recipe = a_recipe();
  recipe.set_guidance_scale(1);
  std::vector<std::string> encoded;

  const auto conditioning = condition(recipe, [&](const std::string& text) -> Result<at::Tensor> {
                              encoded.push_back(text);
                              return at::zeros({1, 77, 4});
                            }).value();

  EXPECT_EQ(encoded, std::vector<std::string>{"cat face"});
  EXPECT_FALSE(conditioning.negative.defined());
}

}  // namespace

}  // namespace furrow::engine::pipelines
