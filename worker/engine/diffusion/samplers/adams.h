#pragma once

#include <deque>

#include <ATen/core/Tensor.h>

namespace furrow::engine::diffusion {

/// Adams and Bashforth's mean of the last one to four values, for equal steps.
/// @param values  the newest last; not empty
at::Tensor adams_bashforth(const std::deque<at::Tensor>& values);

}  // namespace furrow::engine::diffusion
