#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace furrow::engine::weights {

/// Embeddings that stand for a word (Gal et al. 2022, arXiv:2208.01618): one or several vectors in
/// a row, for each text encoder of the models that they were trained on.
struct TextualInversion {
  std::string token;                          ///< what prompts call it
  std::map<std::string, at::Tensor> vectors;  ///< name in the file → [n, width] float32
  std::filesystem::path file;

  /// The vectors for a text encoder: [n, width].
  ///
  /// @param encoder  0 is the model's first ("clip_l"), 1 its second ("clip_g"), …
  /// @param width    of its token embeddings
  /// Errors: Invalid when there is none of that width: it is for another kind of model.
  Result<at::Tensor> for_encoder(std::size_t encoder, std::int64_t width) const;
};

/// Reads an embedding file of any of the forms that are about: one tensor under the token's name
/// (diffusers: learned_embeds), under "emb_params" (A1111), under "string_to_param" (A1111's
/// pickles), or one for each encoder ("clip_l", "clip_g": SDXL). Unless a tensor has the token's
/// name, the file's name is the token.
///
/// Errors: NotFound, Io; Invalid for a broken file and for tensors that are no vectors.
Result<TextualInversion> read_textual_inversion(const std::filesystem::path& file);

}  // namespace furrow::engine::weights
