#pragma once

#include <filesystem>
#include <optional>

#include "common/base/result.h"

namespace furrow::engine::weights {

/// Whether the network predicts v, by the .yaml that lies beside a checkpoint under its name, in
/// the layout of the original release: model.params.parameterization is "v" or "eps"; since SDXL
/// the denoiser's scaling is one for v or for epsilon.
///
/// Nothing: there is no such file, or it does not say. Errors: Io; Invalid for a file that is no
/// YAML or too large.
Result<std::optional<bool>> predicts_v_by_yaml(const std::filesystem::path& checkpoint);

}  // namespace furrow::engine::weights
