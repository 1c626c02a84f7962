// CFG++: Chung et al. 2024, "CFG++: Manifold-constrained Classifier Free Guidance for Diffusion
// Models" (arXiv:2406.08070), with DDIM as A1111 has it. The clean latent is guided by a twelfth
// and a half of the guidance scale, and the noise that goes back on is that of the negative prompt:
//
//   x' = sqrt(a_next) x0(negative + (guided - negative) / 12.5) + sqrt(1 - a_next) eps(negative)
//
// It wants the negative answer at every guidance scale, also at 1. Where there is none, as with
// networks that guide themselves, it is DDIM.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/ddim.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

/// So that the usual scales, up to 12.5, become the paper's 0 to 1.
constexpr double kScaleOfOne = 12.5;

class DdimCfgPp final : public DdimLevels {
 public:
  explicit DdimCfgPp(SamplerPlan plan) : DdimLevels(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const Mix mix = mix_of(call_);
    const double a_next = alpha_cumprod_after(call_);
    const at::Tensor negative = negative_.defined() ? negative_ : output;
    denoised_ = denoise(latent_, negative + (output - negative) / kScaleOfOne, mix);
    const at::Tensor eps = noise_of(plan_.config.prediction, latent_, negative, mix);
    return denoised_ * std::sqrt(a_next) + eps * std::sqrt(1 - a_next);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_ddim_cfgpp(SamplerPlan plan) {
  return std::make_unique<DdimCfgPp>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
