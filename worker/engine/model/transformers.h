#pragma once

#include <filesystem>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/model/network_loader.h"
#include "worker/engine/nn/flux.h"
#include "worker/engine/nn/mmdit.h"
#include "worker/engine/nn/t5_encoder.h"

/// The networks of SD3 and Flux, each from a folder with config.json and weights, which are
/// converted to `precision` on `device` whatever the files hold. Errors: as load_unet.
namespace furrow::engine {

Result<Loaded<nn::T5Encoder>> load_t5(const std::filesystem::path& folder, at::ScalarType precision,
                                      at::Device device);

Result<Loaded<nn::Mmdit>> load_mmdit(const std::filesystem::path& folder, at::ScalarType precision,
                                     at::Device device);

Result<Loaded<nn::FluxTransformer>> load_flux(const std::filesystem::path& folder,
                                              at::ScalarType precision, at::Device device);

}  // namespace furrow::engine
