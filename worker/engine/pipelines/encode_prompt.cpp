#include "worker/engine/pipelines/encode_prompt.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/prompt/attention.h"
#include "common/prompt/chunks.h"

namespace furrow::engine::pipelines {

namespace {

using prompt::Chunk;

Result<std::vector<Chunk>> chunks_of(const prompt::BpeTokenizer& tokenizer, std::string_view text,
                                     PromptReading reading) {
  if (reading == PromptReading::Plain) {
    Chunk chunk;
    chunk.ids = tokenizer.encode_padded(text);
    chunk.weights.assign(chunk.ids.size(), 1);
    return std::vector{std::move(chunk)};
  }
  FURROW_TRY(const auto fragments, prompt::parse_attention(text));
  return prompt::chunk_fragments(tokenizer, fragments);
}

/// What the encoder makes of a chunk, [1, T, D].
at::Tensor states_of(const nn::ClipText& encoder, const Chunk& chunk, std::size_t skip) {
  const at::Device device = encoder.token_embedding.weight.get().device();
  const nn::ClipTextOutput output =
      encoder.forward(at::tensor(chunk.ids, at::kLong).unsqueeze(0).to(device));
  if (skip == 1) return output.last_hidden_state;
  return encoder.final_layer_norm(output.hidden_states[output.hidden_states.size() - skip]);
}

/// `states` [1, T, D] of a chunk with its weights, in float32 on the way.
at::Tensor weighted(const at::Tensor& states, const Chunk& chunk, Emphasis emphasis) {
  const bool is_plain = std::all_of(chunk.weights.begin(), chunk.weights.end(),
                                    [](double weight) { return weight == 1; });
  if (is_plain || emphasis == Emphasis::Ignore) return states;
  const at::Tensor weights =
      at::tensor(chunk.weights, at::kFloat).view({1, -1, 1}).to(states.device());
  const at::Tensor before = states.to(at::kFloat);
  at::Tensor after = before * weights;
  if (emphasis == Emphasis::Original) after = after * (before.mean() / after.mean());
  return after.to(states.scalar_type());
}

}  // namespace

Result<at::Tensor> encode_prompt(const StableDiffusion& model, std::string_view text,
                                 const EncodeOptions& options) {
  const nn::ClipText& encoder = model.text_encoder;
  const std::size_t skip = std::max(options.clip_skip, 1U);
  if (skip > encoder.layers.size())
    return fail(ErrorKind::Invalid,
                fmt::format("clip skip {} is more than the {} layers of the model's text encoder",
                            skip, encoder.layers.size()));

  FURROW_TRY(const auto chunks, chunks_of(model.tokenizer, text, options.reading));
  std::vector<at::Tensor> states;
  for (const Chunk& chunk : chunks)
    states.push_back(weighted(states_of(encoder, chunk, skip), chunk, options.emphasis));
  return at::cat(states, 1);
}

}  // namespace furrow::engine::pipelines
