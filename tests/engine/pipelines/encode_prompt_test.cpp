#include "worker/engine/pipelines/encode_prompt.h"

#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"

namespace furrow::engine::pipelines {

namespace {

using testing::HasSubstr;

std::string repeated(const std::string& words, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += words;
  return text;
}

at::Tensor encoded(const std::string& text, const EncodeOptions& options = {}) {
  return encode_prompt(embedded_model(), text, options).value().states;
}

bool is_close(const at::Tensor& a, const at::Tensor& b) {
  return at::allclose(a, b, 1e-4, 1e-5);
}

/// The states of "cat face dog" with the middle token's state times `weight`.
at::Tensor with_weighted_face(double weight) {
  at::Tensor states = encoded("cat face dog").clone();
  states.select(1, 2).mul_(weight);
  return states;
}

TEST(EncodePrompt, PutsTheChunksOneBehindTheOther) {
  const c10::InferenceMode no_gradients;

  const at::Tensor states = encoded(repeated("cat ", 100));

  EXPECT_EQ(
      states.sizes(),
      at::IntArrayRef({1, 2 * 77, embedded_model().text_encoder->encoder->config.hidden_size}));
  EXPECT_TRUE(is_close(states.narrow(1, 0, 77), encoded(repeated("cat ", 75))));
  EXPECT_TRUE(is_close(states.narrow(1, 77, 77), encoded(repeated("cat ", 25))));
}

TEST(EncodePrompt, BeginsAChunkAtABreak) {
  const c10::InferenceMode no_gradients;

  const at::Tensor states = encoded("cat BREAK dog");

  EXPECT_TRUE(is_close(states, at::cat({encoded("cat"), encoded("dog")}, 1)));
}

TEST(EncodePrompt, WeighsTokensAndGivesTheChunkItsMeanBack) {
  const c10::InferenceMode no_gradients;
  const at::Tensor plain = encoded("cat face dog");
  const at::Tensor weighted = with_weighted_face(1.5);

  const at::Tensor states = encoded("cat (face:1.5) dog");

  EXPECT_TRUE(is_close(states, weighted * (plain.mean() / weighted.mean())));
  EXPECT_TRUE(is_close(states.mean(), plain.mean()));
}

TEST(EncodePrompt, RestoresTheMeanOfEachChunkApart) {
  const c10::InferenceMode no_gradients;

  const at::Tensor states = encoded("(cat:1.4) BREAK dog BREAK [face]");

  EXPECT_TRUE(
      is_close(states, at::cat({encoded("(cat:1.4)"), encoded("dog"), encoded("[face]")}, 1)));
}

TEST(EncodePrompt, LeavesTheMeanWhenItIsToldTo) {
  const c10::InferenceMode no_gradients;

  EXPECT_TRUE(is_close(encoded("cat (face:0.5) dog", {.emphasis = Emphasis::NoNorm}),
                       with_weighted_face(0.5)));
}

TEST(EncodePrompt, IgnoresWeightsWhenItIsToldTo) {
  const c10::InferenceMode no_gradients;

  EXPECT_TRUE(
      encoded("cat (face:0.5) dog", {.emphasis = Emphasis::Ignore}).equal(encoded("cat face dog")));
}

TEST(EncodePrompt, WeighsTheLayerThatIsAskedFor) {
  const c10::InferenceMode no_gradients;
  const at::Tensor plain = encoded("cat dog", {.clip_skip = 2});
  at::Tensor weighted = plain.clone();
  weighted.select(1, 2).mul_(-0.5);

  EXPECT_TRUE(is_close(encoded("cat (dog:-0.5)", {.clip_skip = 2}),
                       weighted * (plain.mean() / weighted.mean())));
}

TEST(EncodePrompt, TakesEveryCharacterForTextWhenReadPlainly) {
  const c10::InferenceMode no_gradients;
  const auto& model = embedded_model();
  const std::string text = "(cat:1.5) BREAK " + repeated("dog ", 100);
  const at::Tensor ids =
      at::tensor(model.text_encoder->tokenizer.encode_padded(text), at::kLong).unsqueeze(0);

  EXPECT_TRUE(encoded(text, {.reading = PromptReading::Plain})
                  .equal(model.text_encoder->encoder->forward(ids).last_hidden_state));
}

TEST(EncodePrompt, CountsSkippedLayersFromTheLast) {
  const c10::InferenceMode no_gradients;
  const auto& model = embedded_model();
  const at::Tensor ids =
      at::tensor(model.text_encoder->tokenizer.encode_padded("cat face"), at::kLong);
  const auto output = model.text_encoder->encoder->forward(ids.unsqueeze(0));
  const auto& states = output.hidden_states;

  EXPECT_TRUE(encoded("cat face").equal(output.last_hidden_state));
  EXPECT_TRUE(encoded("cat face", {.clip_skip = 0}).equal(output.last_hidden_state));
  EXPECT_TRUE(encoded("cat face", {.clip_skip = 2})
                  .equal(model.text_encoder->encoder->final_layer_norm(states[states.size() - 2])));
}

TEST(EncodePrompt, SaysWhatItCannotDo) {
  EXPECT_THAT(encode_prompt(embedded_model(), "cat", {.clip_skip = 4}).error().message,
              HasSubstr("clip skip 4 asks for layer 4"));
  EXPECT_THAT(encode_prompt(embedded_model(), "(cat:1.1.1)").error().message,
              HasSubstr("\"1.1.1\""));
}

}  // namespace

}  // namespace furrow::engine::pipelines
