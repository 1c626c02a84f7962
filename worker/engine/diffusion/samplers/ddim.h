#pragma once

#include <vector>

#include "worker/engine/diffusion/samplers/bases.h"

namespace furrow::engine::diffusion {

/// The levels of DDIM and its variants. On the model's own spacing a step goes N / n trained
/// timesteps down, whether or not the next step begins exactly there; along a curve it goes to the
/// next sigma.
class DdimLevels : public TimestepSampler {
 protected:
  explicit DdimLevels(SamplerPlan plan);

  Mix mix_of(int call) const override { return Mix::of_alpha_cumprod(alpha_cumprod_before(call)); }

  /// The cumulative alpha before and after the step of this call.
  double alpha_cumprod_before(int call) const { return from_[static_cast<std::size_t>(call)]; }

  double alpha_cumprod_after(int call) const { return to_[static_cast<std::size_t>(call)]; }

 private:
  double before(std::size_t step) const;
  double after(std::size_t step) const;

  // Constant after construction.
  std::vector<double> from_;
  std::vector<double> to_;
};

}  // namespace furrow::engine::diffusion
