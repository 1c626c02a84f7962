// UniPC: Zhao et al. 2023, "A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion
// Models" (arXiv:2302.04867), algorithms 5 to 8. A step from s to t with h = lambda_t - lambda_s
// goes along the clean latents m (hh = -h) or the noises (hh = h) of the last steps:
//
//   x' = [sigma_t / sigma_s x - alpha_t (e^hh - 1) m_0]  - alpha_t B(h) sum_k rho_k (m_k - m_0) /
//   r_k
//
// r_k = (lambda_{s-k} - lambda_s) / h, and the weights rho solve R rho = b of equation 9. When the
// next call says what the model means at t, the step is taken again with that as one more point
// (r = 1): the corrector.

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/multistep.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class UniPc final : public MultistepSampler {
 public:
  explicit UniPc(SamplerPlan plan) : MultistepSampler(std::move(plan)) {}

 private:
  /// One step in the paper's letters, and where its points lie.
  struct Step {
    Mix s;
    Mix t;
    double hh;
    std::vector<double> r;          // of the remembered points, the newest first
    std::vector<at::Tensor> slope;  // (m_k - m_0) / r_k, of the same
  };

  bool predicts_x0() const { return plan_.config.predict_x0; }

  /// The step that begins `ahead` levels from here and combines the `order` newest points.
  Step step_from(int ahead, int order) const {
    Step step{mix(ahead), mix(ahead + 1), 0, {}, {}};
    const double h = step.t.lambda() - step.s.lambda();
    step.hh = predicts_x0() ? -h : h;
    for (int k = 1; k < order; ++k) {
      step.r.push_back((lambda(ahead - k) - step.s.lambda()) / h);
      step.slope.push_back((remembered(k) - remembered()) / step.r.back());
    }
    return step;
  }

  /// B(h) of the two variants.
  double b_of(double hh) const {
    return plan_.config.solver_type == SolverType::Bh1 ? hh : std::expm1(hh);
  }

  /// The weights of the points `r`.
  std::vector<double> weights(const std::vector<double>& r, double hh) const {
    const auto count = static_cast<std::int64_t>(r.size());
    at::Tensor R = at::empty({count, count}, at::kDouble);
    at::Tensor b = at::empty({count}, at::kDouble);
    double phi = std::expm1(hh) / hh - 1;
    double factorial = 1;
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t k = 0; k < count; ++k)
        R[i][k] = std::pow(r[static_cast<std::size_t>(k)], static_cast<double>(i));
      b[i] = phi * factorial / b_of(hh);
      factorial *= static_cast<double>(i + 2);
      phi = phi / hh - 1 / factorial;
    }
    const at::Tensor rho = at::linalg_solve(R, b).contiguous();
    return {rho.data_ptr<double>(), rho.data_ptr<double>() + count};
  }

  /// Where the step leads to from x, given the weighted sum of slopes.
  at::Tensor taken(const at::Tensor& x, const Step& step, const at::Tensor& sum) const {
    const double decay = predicts_x0() ? step.t.sigma / step.s.sigma : step.t.alpha / step.s.alpha;
    const double scale = predicts_x0() ? step.t.alpha : step.t.sigma;
    const at::Tensor first = x * decay - remembered() * (scale * std::expm1(step.hh));
    return sum.defined() ? first - sum * (scale * b_of(step.hh)) : first;
  }

  at::Tensor predict(const at::Tensor& x, int order) const {
    const Step step = step_from(0, order);
    at::Tensor sum;
    if (order == 2) {
      sum = step.slope[0] * 0.5;  // as the paper simplifies it
    } else if (order > 2) {
      const auto rho = weights(step.r, step.hh);
      sum = step.slope[0] * rho[0];
      for (std::size_t k = 1; k < rho.size(); ++k) sum = sum + step.slope[k] * rho[k];
    }
    return taken(x, step, sum);
  }

  /// The last step, taken again now that the model said `here` at its end.
  at::Tensor correct(const at::Tensor& here) const {
    const Step step = step_from(-1, last_order_);
    std::vector<double> r = step.r;
    r.push_back(1);
    const auto rho = last_order_ == 1 ? std::vector<double>{0.5} : weights(r, step.hh);
    at::Tensor sum = (here - remembered()) * rho.back();
    for (std::size_t k = 0; k < step.slope.size(); ++k) sum = sum + step.slope[k] * rho[k];
    return taken(last_latent_, step, sum);
  }

  bool corrects() const {
    const auto& disabled = plan_.config.disable_corrector;
    return remembered_count() > 0 &&
           std::find(disabled.begin(), disabled.end(), call_ - 1) == disabled.end();
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    denoised_ = denoise(latent_, output, mix());
    const at::Tensor here =
        predicts_x0() ? denoised_ : noise_of(plan_.config.prediction, latent_, output, mix());
    last_latent_ = corrects() ? correct(here) : latent_;
    remember(here, solver_order());
    last_order_ = std::min(solver_order(), remembered_count());
    if (plan_.config.lower_order_final) last_order_ = std::min(last_order_, steps_left());
    return predict(last_latent_, last_order_);
  }

  at::Tensor last_latent_;  // where the last step began
  int last_order_ = 0;      // and how many points it had
};

}  // namespace

std::unique_ptr<Sampler> make_unipc(SamplerPlan plan) {
  return std::make_unique<UniPc>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
