#include "worker/engine/model/transformers.h"

#include <ATen/ATen.h>

#include "worker/engine/weights/key_maps.h"

namespace furrow::engine {

Result<Loaded<nn::T5Encoder>> load_t5(const std::filesystem::path& folder, at::ScalarType precision,
                                      at::Device device) {
  // The second copy of the token table, where there is one.
  return load_adaptable<nn::T5Encoder, nn::T5Config>(folder, kTransformersStem, weights::same_key,
                                                     {precision, device},
                                                     {"encoder.embed_tokens.weight"});
}

Result<Loaded<nn::Mmdit>> load_mmdit(const std::filesystem::path& folder, at::ScalarType precision,
                                     at::Device device) {
  return load_adaptable<nn::Mmdit, nn::MmditConfig>(folder, kDiffusersStem, weights::same_key,
                                                    {precision, device});
}

Result<Loaded<nn::FluxTransformer>> load_flux(const std::filesystem::path& folder,
                                              at::ScalarType precision, at::Device device) {
  return load_adaptable<nn::FluxTransformer, nn::FluxConfig>(
      folder, kDiffusersStem, weights::same_key, {precision, device});
}

}  // namespace furrow::engine
