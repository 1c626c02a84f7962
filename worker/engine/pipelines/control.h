#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/controlnet.h"
#include "worker/engine/pipelines/denoising.h"

namespace furrow::engine::pipelines {

/// How a ControlNet acts on a run; see Control.
struct ControlSettings {
  double scale = 1;
  RunWindow window = {};
  bool guess = false;
};

/// Lets a ControlNet guide a started cell, beside those that do already: what they say is added up.
/// The control picture is embedded here, once for all calls.
///
/// @param picture  [1, conditioning_channels, H, W] in [0, 1], of the size of the picture that is
///                 made, any device
/// Errors: Invalid, for a net of another kind of model, a picture of another size, a scale that is
/// not finite and a window that is empty or not within 0 … 1.
Result<void> add_control(Denoising& cell, std::shared_ptr<const nn::ControlNet> net,
                         const at::Tensor& picture, const ControlSettings& settings);

}  // namespace furrow::engine::pipelines
