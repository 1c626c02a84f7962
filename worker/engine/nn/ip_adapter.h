#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/resampler.h"
#include "worker/engine/weights/checkpoint.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// One picture's embedding to some tokens by a linear layer (ip-adapter_sd15).
struct LinearImageProjection {
  struct Config {
    std::int64_t embedding = 0;  ///< width of what it takes
    std::int64_t tokens = 0;
    std::int64_t width = 0;  ///< of a token
  };

  Config config;
  Linear proj;
  LayerNorm norm;

  LinearImageProjection(const weights::Scope& scope, const Config& config);

  /// [B, E] to [B, tokens, D].
  at::Tensor forward(const at::Tensor& embedding) const;
};

/// Every patch's state to a token by an MLP (ip-adapter-full-face).
struct MlpImageProjection {
  struct Config {
    std::int64_t embedding = 0;
    std::int64_t width = 0;
  };

  Linear proj_0, proj_2;  // "proj.0", "proj.2", GELU between them
  LayerNorm proj_3;

  MlpImageProjection(const weights::Scope& scope, const Config& config);

  /// [B, T, E] to [B, T, D].
  at::Tensor forward(const at::Tensor& states) const;
};

/// What an IP-Adapter's file holds: all of it is in the names and the shapes of its tensors.
struct IpAdapterConfig {
  std::variant<LinearImageProjection::Config, MlpImageProjection::Config, ResamplerConfig>
      image_proj;
  std::int64_t token_width = 0;
  std::vector<std::int64_t> layer_numbers;  ///< K of "ip_adapter.K.to_k_ip.weight", rising
  std::vector<std::int64_t> layer_widths;   ///< of the attentions, in this order

  /// Errors: Invalid, telling what is missing.
  static Result<IpAdapterConfig> read(const weights::Checkpoint& checkpoint);
};

/// Makes reference pictures part of the prompt (Ye et al. 2023, arXiv:2308.06721): a projection of
/// the image encoder's output to tokens, and keys and values of them for every attention to the
/// prompt. Immutable once loaded; any thread.
struct IpAdapter {
  struct Layer {
    Linear to_k_ip;
    Linear to_v_ip;
  };

  std::variant<LinearImageProjection, MlpImageProjection, Resampler> image_proj;
  std::vector<Layer> layers;  // in the order of UNet::image_layers()

  IpAdapter(const weights::Scope& scope, const IpAdapterConfig& config);

  /// @param embeddings  of N pictures for each of the batch, any float dtype: [B, N, E] embeddings
  ///                    or, for the other kinds, [B, N, T, E] states of patches
  /// @return            [B, N, tokens, D] in the dtype of the weights
  at::Tensor tokens(const at::Tensor& embeddings) const;

  /// What the UNet attends to, the same for every step.
  ///
  /// @param tokens  [B, N, tokens, D]
  /// @param scale   how strongly the pictures act; 1 is as strongly as the adapter was trained to
  ImagePrompt prompt(const at::Tensor& tokens, double scale) const;
};

}  // namespace furrow::engine::nn
