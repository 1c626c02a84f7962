#pragma once

#include <stdexcept>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "tests/golden_runner/case.h"
#include "worker/engine/nn/added_conditioning.h"

namespace furrow::golden {

/// What the case gives beside sample, timestep and prompt: in.text_embeds, in.time_ids and
/// in.timestep_cond, as far as it has them.
engine::nn::AddedConditioning added_inputs(const Case& c);

/// Throws std::runtime_error with the sentence of an error, which the runner turns into a FAIL.
template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

}  // namespace furrow::golden
