#pragma once

#include <ATen/core/Tensor.h>

#include "common/image/image.h"

namespace furrow::engine::pipelines {

/// A picture as networks take it, with decode.h's way back: [1, 3, H, W] float32 in [0, 1] on the
/// CPU.
at::Tensor to_tensor(const image::Image& picture);

/// One channel, [1, 1, H, W] float32 in [0, 1] on the CPU.
at::Tensor to_tensor(const image::GreyImage& grey);

}  // namespace furrow::engine::pipelines
