// Bi-directional integration approximation of DDIM: Zhang et al. 2023 (arXiv:2307.10829), equation
// 18 with gamma 1: what a DDIM step back to the last level would get wrong is taken off again.
//
//   x' = ddim(x) + [x_before - (sqrt(a_before) x0 + sqrt(1 - a_before) eps)]
//
// The first step is DDIM's.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/ddim.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class BdiaDdim final : public DdimLevels {
 public:
  explicit BdiaDdim(SamplerPlan plan) : DdimLevels(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const Mix mix = mix_of(call_);
    denoised_ = denoise(latent_, output, mix);
    const at::Tensor eps = noise_of(plan_.config.prediction, latent_, output, mix);
    const auto at_level = [&](double a) {
      return denoised_ * std::sqrt(a) + eps * std::sqrt(1 - a);
    };
    at::Tensor x = at_level(alpha_cumprod_after(call_));
    if (before_.defined()) x = x + before_ - at_level(alpha_cumprod_before(call_ - 1));
    before_ = latent_;
    return x;
  }

  void forget() override { before_ = at::Tensor(); }

  at::Tensor before_;  // the latent of the last call
};

}  // namespace

std::unique_ptr<Sampler> make_bdia_ddim(SamplerPlan plan) {
  return std::make_unique<BdiaDdim>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
