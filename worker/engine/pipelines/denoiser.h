#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/flux.h"
#include "worker/engine/nn/mmdit.h"
#include "worker/engine/nn/unet.h"
#include "worker/engine/weights/adapter_switch.h"

namespace furrow::engine::pipelines {

/// What a denoising network is asked in one forward pass: R rows, each at its own level of noise
/// and conditioned on its own. All on the device of the weights.
struct DenoiserInput {
  at::Tensor latents;    ///< [R, C, h, w] float32, scaled as the sampler's model_input()
  at::Tensor timesteps;  ///< [R] float32, 0 … 1000
  at::Tensor prompts;    ///< [R, T, D]
  /// Of R rows. Its text_embeds are the pooled prompts, also of SD3 and Flux.
  nn::AddedConditioning added;
  at::Tensor guidance;  ///< [R] float32, the scale told to a network that guides itself (Flux dev,
                        ///< latent consistency models); undefined: told none
  std::vector<std::int64_t> skipped_layers;  ///< blocks left out, for skip layer guidance
  std::vector<weights::RowLoras> loras;      ///< of R rows; empty: no row has any
};

/// What of a network decides how its runs begin.
struct DenoiserTraits {
  std::int64_t in_channels = 4;   ///< of the latent and of what it sees beside
  std::int64_t patch = 1;         ///< so many latent cells a side are one token
  std::int64_t most_cells = 0;    ///< of a latent's side; 0: any number
  bool is_told_guidance = false;  ///< the guidance scale is an input: it guides itself
  /// SDXL: it is told sizes and a pooled prompt.
  std::optional<nn::TextTimeConfig> text_time = std::nullopt;
  bool spaces_sigmas_evenly = false;  ///< Flux: from 1 to 1/N, before they are shifted
};

/// One network, whatever its architecture, as the samplers see it. Immutable, any thread.
class Denoiser {
 public:
  virtual ~Denoiser() = default;

  virtual DenoiserTraits traits() const = 0;

  /// What the network predicts, [R, C, h, w] float32: noise, velocity or whatever it was trained
  /// to. Throws c10::Error on shapes, conditioning and LoRAs that the network does not take.
  virtual at::Tensor forward(const DenoiserInput& input) const = 0;
};

/// Stable Diffusion 1.x, 2.x and XL, and everything with their UNet.
class UNetDenoiser final : public Denoiser {
 public:
  /// Borrows the network, and what its LoRAs are applied with; null: it takes none.
  explicit UNetDenoiser(const nn::UNet& unet, weights::AdapterSwitch* loras = nullptr)
      : unet_(unet), loras_(loras) {}

  DenoiserTraits traits() const override;
  at::Tensor forward(const DenoiserInput& input) const override;

 private:
  const nn::UNet& unet_;
  weights::AdapterSwitch* loras_;
};

/// Stable Diffusion 3 and 3.5.
class MmditDenoiser final : public Denoiser {
 public:
  /// Borrows the network.
  explicit MmditDenoiser(const nn::Mmdit& transformer) : transformer_(transformer) {}

  DenoiserTraits traits() const override;
  at::Tensor forward(const DenoiserInput& input) const override;

 private:
  const nn::Mmdit& transformer_;
};

/// Flux, which sees latents as tokens of 2 by 2 cells. h and w are even.
class FluxDenoiser final : public Denoiser {
 public:
  /// Borrows the network.
  explicit FluxDenoiser(const nn::FluxTransformer& transformer) : transformer_(transformer) {}

  DenoiserTraits traits() const override;
  at::Tensor forward(const DenoiserInput& input) const override;

 private:
  const nn::FluxTransformer& transformer_;
};

/// Latents as Flux's tokens, row by row of patches, a token's numbers by channel, then by cell.
///
/// @param latents  [B, C, h, w], h and w even
/// @return         [B, h/2 · w/2, 4 C]
at::Tensor flux_tokens(const at::Tensor& latents);

/// The way back, to latents of `rows` by `columns` patches: [B, C, 2 rows, 2 columns].
at::Tensor flux_latents(const at::Tensor& tokens, std::int64_t rows, std::int64_t columns);

/// Where each token of `rows` by `columns` stands: [rows · columns, 3] float32 on the CPU, each
/// 0, row, column.
at::Tensor flux_image_ids(std::int64_t rows, std::int64_t columns);

}  // namespace furrow::engine::pipelines
