#include "worker/engine/weights/textual_inversion.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/engine/weights/shown.h"
#include "worker/engine/weights/tensor_file.h"
#include "worker/engine/weights/tensors.h"
#include "worker/engine/weights/without_exceptions.h"

namespace furrow::engine::weights {

namespace {

using Tensors = TensorFile::Tensors;

// The encoders by what embedding files call them, in the order of the models.
constexpr std::array<std::string_view, 3> kEncoders = {"clip_l", "clip_g", "t5xxl"};

// Names that say nothing of the token.
bool is_generic(std::string_view name) {
  constexpr std::string_view kPickled = "string_to_param.";
  return name == "emb_params" || name.starts_with(kPickled) ||
         std::find(kEncoders.begin(), kEncoders.end(), name) != kEncoders.end();
}

// A1111's pickles hold a training's state beside the vectors.
Tensors without_training_state(const Tensors& tensors) {
  Tensors vectors;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with("string_to_param.")) vectors.emplace(name, tensor);
  }
  return vectors.empty() ? tensors : vectors;
}

Result<at::Tensor> read_vectors(const StoredTensor& stored) {
  FURROW_TRY(const auto value, read_as(stored, {}));
  if (value.dim() == 1 && value.size(0) > 0) return value.unsqueeze(0);
  if (value.dim() == 2 && value.numel() > 0) return value;
  return fail(ErrorKind::Invalid, fmt::format("it has the shape {}, which is no list of vectors",
                                              to_string(stored.shape)));
}

Result<TextualInversion> read_tensors(const std::filesystem::path& file, const Tensors& all) {
  TextualInversion embedding;
  embedding.file = file;
  embedding.token = file.stem().string();
  const auto tensors = without_training_state(all);
  if (tensors.empty()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} holds no tensors, so it is no embedding.", file.string()));
  }
  for (const auto& [name, stored] : tensors) {
    auto vectors = read_vectors(stored);
    if (!vectors) {
      return fail(vectors.error().kind, fmt::format("{} is no embedding: of {}, {}.", file.string(),
                                                    shown(name), vectors.error().message));
    }
    embedding.vectors.emplace(name, std::move(vectors).value());
  }
  const auto& first = embedding.vectors.begin()->first;
  if (embedding.vectors.size() == 1 && !is_generic(first)) embedding.token = first;
  return embedding;
}

}  // namespace

Result<TextualInversion> read_textual_inversion(const std::filesystem::path& file) {
  FURROW_TRY(const auto opened, TensorFile::open(file));
  return without_exceptions(file, [&] { return read_tensors(file, opened.tensors); });
}

Result<at::Tensor> TextualInversion::for_encoder(std::size_t encoder, std::int64_t width) const {
  if (encoder < kEncoders.size()) {
    const auto named = vectors.find(std::string(kEncoders[encoder]));
    if (named != vectors.end() && named->second.size(1) == width) return named->second;
  }
  std::vector<std::int64_t> widths;
  for (const auto& [name, value] : vectors) {
    if (value.size(1) == width) return value;
    widths.push_back(value.size(1));
  }
  return fail(
      ErrorKind::Invalid,
      fmt::format("{} has vectors of width {}, and the model's text encoder {} takes {}: it "
                  "was made for another kind of model.",
                  file.string(), fmt::join(widths, ", "), encoder + 1, width));
}

}  // namespace furrow::engine::weights
