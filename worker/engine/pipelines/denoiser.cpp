#include "worker/engine/pipelines/denoiser.h"

#include <ATen/ATen.h>

#include "worker/engine/nn/timestep_embedding.h"
#include "worker/engine/pipelines/text_conditioning.h"

namespace furrow::engine::pipelines {

namespace {

/// The timestep of pure noise in the networks of flow matching.
constexpr double kNoisiestTimestep = 1000;

/// Latent cells a side of one of Flux's tokens.
constexpr std::int64_t kFluxPatch = 2;

/// Makes the network ready for the rows of a pass.
void use_loras(const DenoiserInput& input, weights::AdapterSwitch* loras) {
  if (loras == nullptr) {
    TORCH_CHECK_VALUE(input.loras.empty(), "this network takes no LoRAs");
    return;
  }
  const auto rows = static_cast<std::size_t>(input.latents.size(0));
  const auto used =
      loras->use(input.loras.empty() ? std::vector<weights::RowLoras>(rows) : input.loras);
  TORCH_CHECK_VALUE(used, used.error().message);
}

/// A UNet and a ControlNet, an adapter or pictures go together; no transformer here takes them.
void require_no_adapters(const DenoiserInput& input) {
  TORCH_CHECK_VALUE(input.added.control.down.empty() && input.added.adapter_features.empty() &&
                        input.added.image_prompts.empty(),
                    "ControlNets and adapters of UNets do not go with a transformer");
}

void require_pooled(const DenoiserInput& input) {
  TORCH_CHECK_VALUE(input.added.text_embeds.defined(),
                    "the transformer takes a pooled prompt, and none was given");
}

}  // namespace

DenoiserTraits UNetDenoiser::traits() const {
  return {.in_channels = unet_.config.in_channels,
          .is_told_guidance = unet_.config.time_cond_proj_dim > 0,
          .text_time = unet_.config.text_time};
}

at::Tensor UNetDenoiser::forward(const DenoiserInput& input) const {
  TORCH_CHECK_VALUE(input.skipped_layers.empty(), "skip layer guidance needs a transformer");
  use_loras(input, loras_);
  nn::AddedConditioning added = input.added;
  const auto guidance_width = unet_.config.time_cond_proj_dim;
  if (guidance_width > 0 && input.guidance.defined())
    added.timestep_cond = nn::guidance_embedding(input.guidance - 1, guidance_width);
  return unet_.forward(input.latents, input.timesteps, input.prompts, added);
}

DenoiserTraits MmditDenoiser::traits() const {
  const nn::MmditConfig& config = transformer_.config;
  return {.in_channels = config.in_channels,
          .patch = config.patch_size,
          .most_cells = config.patch_size * config.pos_embed_max_size};
}

at::Tensor MmditDenoiser::forward(const DenoiserInput& input) const {
  require_no_adapters(input);
  require_pooled(input);
  return transformer_.forward(input.latents, input.timesteps, input.prompts,
                              input.added.text_embeds, input.skipped_layers);
}

DenoiserTraits FluxDenoiser::traits() const {
  const nn::FluxConfig& config = transformer_.config;
  return {.in_channels = config.in_channels / (kFluxPatch * kFluxPatch),
          .patch = kFluxPatch,
          .is_told_guidance = config.guidance_embeds,
          .spaces_sigmas_evenly = true};
}

at::Tensor FluxDenoiser::forward(const DenoiserInput& input) const {
  require_no_adapters(input);
  require_pooled(input);
  TORCH_CHECK_VALUE(input.skipped_layers.empty(), "Flux knows no skip layer guidance");
  TORCH_CHECK_VALUE(input.latents.size(2) % 2 == 0 && input.latents.size(3) % 2 == 0,
                    "Flux takes latents of even height and width, got ", input.latents.sizes());
  const auto rows = input.latents.size(2) / 2;
  const auto columns = input.latents.size(3) / 2;
  const bool takes_guidance = transformer_.config.guidance_embeds;
  const at::Tensor tokens =
      transformer_.forward({.latents = flux_tokens(input.latents),
                            .prompt = input.prompts,
                            .pooled = input.added.text_embeds,
                            .timesteps = input.timesteps / kNoisiestTimestep,
                            .guidance = takes_guidance ? input.guidance : at::Tensor(),
                            .image_ids = flux_image_ids(rows, columns).to(input.latents.device()),
                            .text_ids = flux_text_ids(input.prompts).to(at::kFloat)});
  return flux_latents(tokens, rows, columns);
}

at::Tensor flux_tokens(const at::Tensor& latents) {
  const auto rows = latents.size(2) / 2;
  const auto columns = latents.size(3) / 2;
  return latents.reshape({latents.size(0), latents.size(1), rows, 2, columns, 2})
      .permute({0, 2, 4, 1, 3, 5})  // [B, rows, columns, C, 2, 2]
      .reshape({latents.size(0), rows * columns, 4 * latents.size(1)});
}

at::Tensor flux_latents(const at::Tensor& tokens, std::int64_t rows, std::int64_t columns) {
  const auto channels = tokens.size(2) / 4;
  return tokens.reshape({tokens.size(0), rows, columns, channels, 2, 2})
      .permute({0, 3, 1, 4, 2, 5})  // [B, C, rows, 2, columns, 2]
      .reshape({tokens.size(0), channels, 2 * rows, 2 * columns});
}

at::Tensor flux_image_ids(std::int64_t rows, std::int64_t columns) {
  const at::Tensor row = at::arange(rows, at::kFloat).view({rows, 1}).expand({rows, columns});
  const at::Tensor column = at::arange(columns, at::kFloat).expand({rows, columns});
  return at::stack({at::zeros({rows, columns}), row, column}, -1).view({rows * columns, 3});
}

}  // namespace furrow::engine::pipelines
