// Improved PNDM: Zhang & Chen 2023 (arXiv:2204.13902, section 4), over sigma as A1111 has it: Adams
// and Bashforth's mean of the last slopes, as if the steps were equally long. (Its IPNDM_V, for
// steps of any length, is LMS.)
//
//   x' = x + (sigma_next - sigma) (55 d - 59 d_1 + 37 d_2 - 9 d_3) / 24

#include <deque>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/adams.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr int kOrder = 4;

class Ipndm final : public SigmaSampler {
 public:
  explicit Ipndm(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const int wanted = plan_.options.solver_order;
    slopes_.push_back(slope(latent_, output, sigma()));
    if (slopes_.size() > static_cast<std::size_t>(wanted > 0 ? wanted : kOrder))
      slopes_.pop_front();
    return latent_ + adams_bashforth(slopes_) * (sigma(1) - sigma());
  }

  void forget() override { slopes_.clear(); }

  std::deque<at::Tensor> slopes_;  // the newest last
};

}  // namespace

std::unique_ptr<Sampler> make_ipndm(SamplerPlan plan) {
  return std::make_unique<Ipndm>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
