#include "worker/engine/diffusion/samplers/adams.h"

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {

at::Tensor adams_bashforth(const std::deque<at::Tensor>& values) {
  const auto e = [&](std::size_t back) { return values[values.size() - 1 - back]; };
  switch (values.size()) {
    case 1:
      return e(0);
    case 2:
      return (e(0) * 3 - e(1)) / 2;
    case 3:
      return (e(0) * 23 - e(1) * 16 + e(2) * 5) / 12;
    default:
      return (e(0) * 55 - e(1) * 59 + e(2) * 37 - e(3) * 9) / 24;
  }
}

}  // namespace furrow::engine::diffusion
