#pragma once

#include <ATen/core/Tensor.h>

#include "common/image/image.h"

/// Between pictures in bytes and what networks are shown.
namespace furrow::engine::pipelines {

/// A picture as uint8 RGB [H, W, 3] to [1, 3, H, W] float32 on the CPU, in [0, 1].
at::Tensor to_tensor(const image::Image& picture);

/// A mask or another single channel, uint8 [H, W], to [1, 1, H, W] float32 on the CPU, in [0, 1].
at::Tensor to_tensor(const image::GreyImage& mask);

/// What a VAE decodes to, in about [-1, 1], to a picture in [0, 1]; what lies outside is cut.
/// Any shape, dtype and device, which the result keeps.
at::Tensor to_unit_range(const at::Tensor& decoded);

}  // namespace furrow::engine::pipelines
