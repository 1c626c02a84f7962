// Improved PNDM: Zhang & Chen 2023 (arXiv:2204.13902, section 4), over sigma as ComfyUI and Forge
// have it. IPNDM is Adams and Bashforth's mean of the last slopes, as if the steps were equally
// long:
//
//   x' = x + (sigma_next - sigma) (55 d - 59 d_1 + 37 d_2 - 9 d_3) / 24
//
// IPNDM_V, from the diff-sampler of Zhou, Chen et al., is meant for steps of any length. With h the
// step and h_1, h_2, h_3 the ones before it, it adds to d the differences of the last slopes
//
//   a (d - d_1) + b [(d - d_1) - h_1 / h_2 (d_1 - d_2)] + c (... of third order)
//
// Its b and c are not those of the interpolating polynomial, which is LMS, but what its authors
// published and every program has; up to third order it is IPNDM where steps are equal. Both end at
// what the model says.

#include <deque>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/adams.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr int kOrder = 4;

class Ipndm : public SigmaSampler {
 public:
  explicit Ipndm(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const int wanted = plan_.options.solver_order;
    slopes_.push_back(slope(latent_, output, sigma()));
    if (slopes_.size() > static_cast<std::size_t>(wanted > 0 ? wanted : kOrder))
      slopes_.pop_front();
    if (sigma(1) == 0) return denoised_;
    return latent_ + mean_of(slopes_) * (sigma(1) - sigma());
  }

  virtual at::Tensor mean_of(const std::deque<at::Tensor>& slopes) const {
    return adams_bashforth(slopes);
  }

  void forget() override { slopes_.clear(); }

  std::deque<at::Tensor> slopes_;  // the newest last
};

class IpndmV final : public Ipndm {
 public:
  using Ipndm::Ipndm;

 private:
  /// The length of this step, or of that `back` steps ago.
  double h(int back) const { return sigma(1 - back) - sigma(-back); }

  at::Tensor mean_of(const std::deque<at::Tensor>& slopes) const override {
    const auto d = [&](std::size_t back) { return slopes[slopes.size() - 1 - back]; };
    if (slopes.size() == 1) return d(0);
    const at::Tensor first = d(0) - d(1);
    at::Tensor mean = d(0) + first * (h(0) / (2 * h(1)));
    if (slopes.size() == 2) return mean;
    const double r1 = h(1) / h(2);
    const at::Tensor second = first - (d(1) - d(2)) * r1;
    const double pair = h(1) * (h(1) + h(2));
    mean = mean + second * ((1 - h(0) * h(0) / (3 * pair)) / 2);
    if (slopes.size() == 3) return mean;
    const double q = pair / (h(2) * (h(2) + h(3)));
    const double r2 = h(2) / h(3);
    const at::Tensor third = second - (d(1) - d(2) * (1 + r2) + d(3) * r1) * q;
    return mean + third * third_weight();
  }

  double third_weight() const {
    const double two = h(0) + h(1);
    const double three = two + h(2);
    const double integral =
        (1 - h(0) / (3 * two)) / 2 + (1 - h(0) / (2 * two)) * h(0) / (6 * three);
    return integral * h(0) * two * three / (h(1) * (h(1) + h(2)) * (h(1) + h(2) + h(3)));
  }
};

}  // namespace

std::unique_ptr<Sampler> make_ipndm(SamplerPlan plan) {
  return std::make_unique<Ipndm>(std::move(plan));
}

std::unique_ptr<Sampler> make_ipndm_v(SamplerPlan plan) {
  return std::make_unique<IpndmV>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
