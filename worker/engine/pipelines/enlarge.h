#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace furrow::engine::pipelines {

/// Whether a way of hires fix enlarges the latent itself; else it enlarges the decoded picture.
bool enlarges_latent(std::string_view way);

/// A latent of another size, as A1111's latent upscalers make it.
///
/// @param latent  [1, C, h, w]
/// @param way     "latent" (bilinear), "latent (bicubic)", each also "antialiased", "latent
///                (nearest)" or "latent (nearest-exact)", as common/spec/option_names.h has them
/// @return        [1, C, rows, columns]
/// Errors: Invalid, naming a way that is none of these.
Result<at::Tensor> enlarged_latent(const at::Tensor& latent, std::string_view way,
                                   std::int64_t rows, std::int64_t columns);

}  // namespace furrow::engine::pipelines
