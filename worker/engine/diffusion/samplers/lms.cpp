// Linear multistep (Adams-Bashforth) over sigma, as k-diffusion introduced it: the slopes d of the
// last steps are interpolated by a polynomial, which is integrated from sigma to sigma_next.
//
//   x' = x + sum_j c_j d_{i-j}       c_j = integral of prod_{k != j} (s - s_k) / (s_j - s_k) ds
//
// A run that begins within its schedule counts the slopes it has not seen as 0, as the reference
// does.

#include <algorithm>
#include <deque>

#include <ATen/ATen.h>
#include <boost/math/quadrature/gauss.hpp>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr int kOrder = 4;

class Lms final : public SigmaSampler {
 public:
  explicit Lms(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  /// By the step, also in a run that begins in the middle and so has fewer slopes: the weights of
  /// the ones that it lacks fall out, as they do in the reference.
  int order() const {
    const int wanted = plan_.options.solver_order > 0 ? plan_.options.solver_order : kOrder;
    return std::min(static_cast<int>(step()) + 1, wanted);
  }

  /// Exact: the polynomial's degree is far below what the quadrature integrates exactly.
  double coefficient(int j, int order) const {
    const auto lagrange = [&](double s) {
      double product = 1;
      for (int k = 0; k < order; ++k)
        if (k != j) product *= (s - sigma(-k)) / (sigma(-j) - sigma(-k));
      return product;
    };
    return boost::math::quadrature::gauss<double, 7>::integrate(lagrange, sigma(), sigma(1));
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    slopes_.push_front(slope(latent_, output, sigma()));
    const int order = this->order();
    if (slopes_.size() > static_cast<std::size_t>(order)) slopes_.pop_back();
    at::Tensor x = latent_;
    for (int j = 0; j < static_cast<int>(slopes_.size()); ++j)
      x = x + slopes_[static_cast<std::size_t>(j)] * coefficient(j, order);
    return x;
  }

  void forget() override { slopes_.clear(); }

  std::deque<at::Tensor> slopes_;  // the newest first
};

}  // namespace

std::unique_ptr<Sampler> make_lms(SamplerPlan plan) {
  return std::make_unique<Lms>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
