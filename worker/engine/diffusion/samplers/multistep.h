#pragma once

#include <deque>

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/samplers/bases.h"

namespace furrow::engine::diffusion {

/// Samplers of Lu et al.'s kind: they go along lambda, the half logarithm of the signal-to-noise
/// ratio, and combine what the model said in the last steps. One call a step; with flow sigmas the
/// same algorithm on the other mix.
class MultistepSampler : public MixingSampler {
 protected:
  using MixingSampler::MixingSampler;

  Mix mix_of(int call) const override { return level(static_cast<std::size_t>(call)); }

  /// The mix of schedule.sigmas[i].
  Mix level(std::size_t i) const;

  /// The mix at which the current step begins, or that of `ahead` steps further on.
  Mix mix(int ahead = 0) const { return level(index() + static_cast<std::size_t>(ahead)); }

  double lambda(int ahead = 0) const { return mix(ahead).lambda(); }

  /// The noise that the model means by `output`, by way of the clean latent, which may be
  /// thresholded; sets denoised_.
  at::Tensor noise(const at::Tensor& output);

  /// Remembers what is integrated, the clean latent or the noise, for as many steps as `order`.
  void remember(at::Tensor value, int order);

  /// What was remembered `back` steps ago. Requires: it was, in this run.
  const at::Tensor& remembered(int back = 0) const { return past_[static_cast<std::size_t>(back)]; }

  int remembered_count() const { return static_cast<int>(past_.size()); }

  /// How many steps are left, this one included.
  int steps_left() const { return call_count() - call_; }

  /// Whether few steps are taken: then the last ones are of lower order, for stability.
  bool is_short() const;

  /// The order of a solver: the option where it is given, else the config's.
  int solver_order() const;

  void forget() override { past_.clear(); }

 private:
  std::deque<at::Tensor> past_;  // the newest first
};

}  // namespace furrow::engine::diffusion
