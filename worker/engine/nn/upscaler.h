#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/upscaler_config.h"
#include "worker/engine/weights/loader.h"

/// Networks that enlarge pictures (Real-ESRGAN, Wang et al. 2021, arXiv:2107.10833).
namespace furrow::engine::nn {

/// Five convolutions, each of which sees what all before it gave, beside a residual.
struct DenseBlock {
  std::vector<Conv2d> convs;  // "conv1" … "conv5"

  DenseBlock(const weights::Scope& scope, std::int64_t channels, std::int64_t growth);

  /// [B, C, h, w] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

/// Three dense blocks beside a residual.
struct Rrdb {
  std::vector<DenseBlock> blocks;  // "rdb1" … "rdb3"

  Rrdb(const weights::Scope& scope, std::int64_t channels, std::int64_t growth);

  /// [B, C, h, w] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

/// ESRGAN's network (Wang et al. 2018, arXiv:1809.00219): a trunk at the picture's size, then
/// doublings. For smaller scales it first folds pixels into channels.
struct RrdbNet {
  RrdbNetConfig config;
  Conv2d conv_first;
  std::vector<Rrdb> body;
  Conv2d conv_body;
  std::vector<Conv2d> conv_up;  // "conv_up1", …: one a doubling
  Conv2d conv_hr;
  Conv2d conv_last;

  RrdbNet(const weights::Scope& scope, const RrdbNetConfig& config);

  /// [B, 3, H, W] in [0, 1], any float dtype, to [B, 3, H * scale, W * scale], about [0, 1].
  at::Tensor forward(const at::Tensor& image) const;
};

/// The compact network of realesr-general and realesr-animevideo: convolutions, and what they give
/// added to the enlarged picture.
struct SrvggNet {
  SrvggNetConfig config;
  std::vector<Conv2d> convs;      // "body.0", "body.2", …
  std::vector<Parameter> slopes;  // "body.1.weight", …: one a channel for PReLU, else none

  SrvggNet(const weights::Scope& scope, const SrvggNetConfig& config);

  /// [B, 3, H, W] in [0, 1], any float dtype, to [B, 3, H * scale, W * scale], about [0, 1].
  at::Tensor forward(const at::Tensor& image) const;

 private:
  at::Tensor activate(const at::Tensor& x, std::size_t layer) const;
};

/// How a picture is enlarged piece by piece. Every tile is run with more pixels around it, as far
/// as the picture reaches, and only its middle is kept, so that no seams show.
struct UpscaleTiling {
  std::int64_t size = 512;    ///< side of a tile in pixels of the picture
  std::int64_t padding = 10;  ///< pixels around it
};

/// Any of them. Immutable once loaded; any thread.
struct Upscaler {
  std::variant<RrdbNet, SrvggNet> network;

  Upscaler(const weights::Scope& scope, const UpscalerConfig& config);

  std::int64_t scale() const;

  /// @param image  [B, 3, H, W], any float dtype and size, in [0, 1]
  /// @return       [B, 3, H * scale, W * scale] in the dtype of `image`, about [0, 1]: not clamped
  at::Tensor forward(const at::Tensor& image) const;

  /// The same, tile by tile.
  at::Tensor forward_tiled(const at::Tensor& image, UpscaleTiling tiling) const;
};

}  // namespace furrow::engine::nn
