#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::engine::pipelines {

/// What becomes of a prompt that is longer than the text encoder.
enum class PromptLength {
  Chunks,    ///< it is encoded piece by piece, as A1111 does
  Truncate,  ///< it is cut, as diffusers does
};

/// A prompt as rows for the text encoder, each model_max_length ids: start, up to 75 tokens, end,
/// padding. At least one row. A chunk that would break off less than 20 tokens behind a comma ends
/// at that comma.
std::vector<std::vector<std::int64_t>> prompt_chunks(const prompt::BpeTokenizer& tokenizer,
                                                     std::string_view text, PromptLength length);

/// The conditioning of one prompt: [1, T, D] in the dtype and on the device of the model, T a
/// multiple of the encoder's length.
///
/// @param clip_skip  1 (or 0): the last layer; 2: the last but one; … Whichever it is, the final
///                   layer norm is applied to it.
/// Errors: Invalid, when the encoder has fewer layers.
Result<at::Tensor> encode_prompt(const StableDiffusion& model, std::string_view text,
                                 std::uint32_t clip_skip,
                                 PromptLength length = PromptLength::Chunks);

/// Makes `shorter` as long as `longer` by repeating `empty`, the conditioning of the empty prompt,
/// behind it: one forward pass needs prompts of equal length.
at::Tensor padded_to(const at::Tensor& longer, const at::Tensor& shorter, const at::Tensor& empty);

}  // namespace furrow::engine::pipelines
