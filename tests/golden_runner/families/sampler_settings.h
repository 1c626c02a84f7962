#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::golden {

/// The engine's sampler for a diffusers config with its `_class_name`.
///
/// @param settings  num_inference_steps and whatever else the case gives to the scheduler or the
///                  pipeline about sampling: timesteps, sigmas, eta, s_churn, …
/// Errors: Invalid, naming the class, feature or setting that the engine does not have: a skip.
Result<std::unique_ptr<engine::diffusion::Sampler>> sampler_of(const nlohmann::json& config,
                                                               const nlohmann::json& settings);

/// All tensors of a safetensors file. Throws std::runtime_error when it cannot be read.
std::map<std::string, at::Tensor> read_tensors(const std::filesystem::path& file);

}  // namespace furrow::golden
