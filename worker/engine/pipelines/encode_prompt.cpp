#include "worker/engine/pipelines/encode_prompt.h"

#include <algorithm>
#include <iterator>

#include <ATen/ATen.h>

#include "worker/engine/pipelines/conditioning.h"

namespace furrow::engine::pipelines {

namespace {

/// How far a chunk's end may move back to a comma: A1111's default.
constexpr std::ptrdiff_t kCommaBacktrack = 20;

using Ids = std::vector<std::int64_t>;

/// The id of a comma as a word of its own, or −1.
std::int64_t comma_id(const prompt::BpeTokenizer& tokenizer) {
  const Ids ids = tokenizer.encode(",");
  return ids.size() == 3 ? ids[1] : -1;
}

/// Where a chunk that begins at `first` ends, `last` being the end of all tokens.
Ids::const_iterator chunk_end(Ids::const_iterator first, Ids::const_iterator last,
                              std::ptrdiff_t room, std::int64_t comma) {
  if (last - first <= room) return last;
  const auto full = first + room;
  const auto earliest = full - std::min(kCommaBacktrack, room);
  const auto after_comma =
      std::find(std::make_reverse_iterator(full), std::make_reverse_iterator(earliest), comma)
          .base();
  return after_comma == earliest ? full : after_comma;
}

}  // namespace

std::vector<Ids> prompt_chunks(const prompt::BpeTokenizer& tokenizer, std::string_view text,
                               PromptLength length) {
  const std::size_t width = tokenizer.model_max_length();
  if (length == PromptLength::Truncate) return {tokenizer.encode_padded(text, width)};

  const Ids ids = tokenizer.encode(text);
  const std::int64_t comma = comma_id(tokenizer);
  const auto room = static_cast<std::ptrdiff_t>(width) - 2;
  const auto last = ids.end() - 1;
  auto first = ids.begin() + 1;
  std::vector<Ids> chunks;
  do {
    const auto end = chunk_end(first, last, room, comma);
    Ids row = {tokenizer.bos_id()};
    row.insert(row.end(), first, end);
    row.push_back(tokenizer.eos_id());
    chunks.push_back(
        prompt::pad_ids(std::move(row), width, tokenizer.eos_id(), tokenizer.pad_id()));
    first = end;
  } while (first != last);
  return chunks;
}

Result<at::Tensor> encode_prompt(const StableDiffusion& model, std::string_view text,
                                 std::uint32_t clip_skip, PromptLength length) {
  const nn::ClipText& encoder = model.text_encoder;
  std::vector<at::Tensor> states;
  const at::Device device = encoder.token_embedding.weight.get().device();
  for (const Ids& row : prompt_chunks(model.tokenizer, text, length)) {
    const at::Tensor ids = at::tensor(row, at::kLong).unsqueeze(0).to(device);
    FURROW_TRY(const Conditioning conditioning, condition_sd(encoder, ids, clip_skip));
    states.push_back(conditioning.prompt);
  }
  return at::cat(states, 1);
}

at::Tensor padded_to(const at::Tensor& longer, const at::Tensor& shorter, const at::Tensor& empty) {
  std::vector<at::Tensor> parts = {shorter};
  for (std::int64_t have = shorter.size(1); have < longer.size(1); have += empty.size(1))
    parts.push_back(empty);
  return parts.size() == 1 ? shorter : at::cat(parts, 1);
}

}  // namespace furrow::engine::pipelines
