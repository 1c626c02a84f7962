#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/pipelines/text_conditioning.h"

namespace furrow::engine::pipelines {

/// How a prompt's text is taken.
enum class PromptReading {
  Weighted,  ///< as A1111: emphasis and BREAK count, and a long text is encoded chunk by chunk
  Plain,     ///< as diffusers: every character is text, and a long one is cut to one chunk
};

/// What weights do to the text encoder's output; A1111's option of that name.
enum class Emphasis {
  Original,  ///< each token's state times its weight, then the whole chunk times one number that
             ///< gives it its mean back
  NoNorm,    ///< the same without that number
  Ignore,    ///< nothing
};

struct EncodeOptions {
  std::uint32_t clip_skip = 1;  ///< 1 (or 0): the layer that the family is trained on; 2: the one
                                ///< before it; … See text_conditioning.h
  PromptReading reading = PromptReading::Weighted;
  Emphasis emphasis = Emphasis::Original;
};

/// The conditioning of one text (of a schedule: after prompt::read_prompt): states [1, T, D] in the
/// dtype and on the device of the model, T a multiple of the encoder's length; of SDXL the states
/// of both encoders side by side, and as pooled the first chunk's.
///
/// Chunks are encoded apart, so that the mean that emphasis restores is of one chunk of one text: a
/// prompt gives the same beside others as alone. (A1111 takes it over what it encodes at once.)
///
/// Errors: Invalid, when the encoder has fewer layers, or as prompt::parse_attention.
Result<TextConditioning> encode_prompt(const StableDiffusion& model, std::string_view text,
                                       const EncodeOptions& options = {});

}  // namespace furrow::engine::pipelines
