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

/// Encodes a row of ids, [1, T], by the rules of the model's family.
using EncodeIds = Result<TextConditioning> (*)(const nn::ClipText&, const at::Tensor& ids,
                                               std::int64_t clip_skip);

Result<TextConditioning> encode_with(const TokenizedEncoder& encoder, EncodeIds encode,
                                     std::string_view text, const EncodeOptions& options) {
  const at::Device device = encoder.encoder->token_embedding.weight.get().device();
  FURROW_TRY(const auto chunks, chunks_of(encoder.tokenizer, text, options.reading));
  std::vector<at::Tensor> states;
  at::Tensor pooled;
  for (const Chunk& chunk : chunks) {
    const at::Tensor ids = at::tensor(chunk.ids, at::kLong).unsqueeze(0).to(device);
    FURROW_TRY(const auto encoded, encode(*encoder.encoder, ids, options.clip_skip));
    states.push_back(weighted(encoded.states, chunk, options.emphasis));
    if (!pooled.defined()) pooled = encoded.pooled;
  }
  return TextConditioning{at::cat(states, 1), pooled};
}

}  // namespace

Result<TextConditioning> encode_prompt(const StableDiffusion& model, std::string_view text,
                                       const EncodeOptions& options) {
  if (!model.is_xl()) return encode_with(*model.text_encoder, condition_sd, text, options);
  FURROW_TRY(const auto g, encode_with(*model.text_encoder_2, condition_xl_encoder, text, options));
  if (!model.text_encoder) return g;
  FURROW_TRY(const auto l, encode_with(*model.text_encoder, condition_xl_encoder, text, options));
  if (l.states.size(1) != g.states.size(1))
    return fail(ErrorKind::Invalid,
                fmt::format("The model's tokenizers take the prompt for {} and {} tokens: they "
                            "belong to different models.",
                            l.states.size(1), g.states.size(1)));
  return TextConditioning{at::cat({l.states, g.states}, -1), g.pooled};
}

}  // namespace furrow::engine::pipelines
