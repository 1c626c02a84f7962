// DPM-Solver-12 and -23 with steps of its own choice: Lu et al. 2022 (arXiv:2206.00927), appendix
// C, as k-diffusion has it, with the solver of third order and the one of second order that it
// contains. Their difference says whether a step was short enough and how long the next may be.
// The number of steps asked for says only where an image-to-image run begins. It ends at the
// smallest sigma the model was trained on. Ancestral by eta, which is 1, as A1111 calls it.

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/dpm_classic.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kRelative = 0.05;  // tolerances of a step
constexpr double kAbsolute = 0.0078;
constexpr double kFirstStep = 0.05;  // in lambda
constexpr double kSafety = 0.81;     // a step that wants the next one shorter than this is refused
constexpr double kOrder = 3;
constexpr double kAncestralOrder = 1.5;
constexpr double kNearEnd = 1e-5;
constexpr int kMostCalls = 1000;  // a usual run takes about a hundred

class DpmAdaptive final : public SigmaSampler {
 public:
  explicit DpmAdaptive(SamplerPlan plan)
      : SigmaSampler(std::move(plan)), end_(plan_.trained.sigmas.front()) {}

  /// By the logarithm of the noise; after the call under way, where its step leads.
  double share_done(int call, int first_call, int /*end_call*/) const override {
    const double first = std::log(sigma_of(first_call));
    const double whole = first - std::log(end_);
    if (call == first_call) return 0;
    if (whole <= 0) return 1;
    const double level = call < call_count() ? sigma_of(call) : is_finished() ? end_ : sigma_next_;
    return (first - std::log(level)) / whole;
  }

 private:
  double eta() const { return plan_.options.eta.value_or(1); }

  /// A run may also begin here, with its last step: then nothing is left to do.
  bool is_at_end() const { return std::log(sigma_ / end_) <= kNearEnd; }

  /// A step of h from here, and where it goes when noise follows.
  void try_step() {
    sigma_next_ = std::max(sigma_ * std::exp(-h_), end_);
    const auto to = AncestralStep::between(sigma_, sigma_next_, eta(), false);
    step_ = {sigma_, std::max(to.sigma_down, end_)};
  }

  void begin_here() {
    calls_.resize(index() + 1);
    sigma_ = sigma_of(call_);
    first_log_sigma_ = std::log(sigma_);
    first_step_ = static_cast<int>(step());
    previous_ = latent_;
    h_ = kFirstStep;
    try_step();
  }

  /// Asks next at this level.
  void ask_at(double sigma) {
    if (call_count() == kMostCalls) {
      fault_ = fmt::format(
          "the sampler \"dpm_adaptive\" did not come to the end within {} calls of the model: no "
          "step "
          "was short enough for it; a sampler of fixed steps, such as \"dpmpp_2m\", does",
          kMostCalls);
      return;
    }
    const double whole = first_log_sigma_ - std::log(end_);
    const double done = whole > 0 ? (first_log_sigma_ - std::log(sigma_)) / whole : 1;
    const int step = first_step_ + static_cast<int>(done * (step_count() - first_step_));
    calls_.push_back({std::min(step, step_count() - 1), sigma, told_at(plan_, sigma)});
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    if (eps_.empty() && sigma_ == 0) begin_here();
    if (is_at_end()) {
      denoised_ = denoise(latent_, output, sigma_);
      return latent_;
    }
    if (eps_.empty()) begin_ = latent_;
    eps_.push_back(slope(latent_, output, sigma_of(call_)));
    const auto fractions = inner_fractions(3);
    if (eps_.size() <= fractions.size()) {
      const double fraction = fractions[eps_.size() - 1];
      ask_at(step_.sigma_at(fraction));
      return dpm_solver_latent(begin_, step_, fractions, eps_, fraction);
    }
    const at::Tensor high = dpm_solver_latent(begin_, step_, fractions, eps_);
    const at::Tensor low = dpm_solver_latent(begin_, step_, {fractions[0]}, {eps_[0], eps_[1]});
    return judge(low, high, draw);
  }

  at::Tensor judge(const at::Tensor& low, const at::Tensor& high, const DrawNoise& draw) {
    const at::Tensor allowed =
        (at::maximum(low.abs(), previous_.abs()) * kRelative).clamp_min(kAbsolute);
    const double error = ((low - high) / allowed).square().mean().sqrt().item<double>();
    const double order = eta() > 0 ? kAncestralOrder : kOrder;
    const double wanted = std::pow(1 / (error + 1e-8), 1 / order);
    const double factor = 1 + std::atan(wanted - 1);
    h_ *= factor;
    if (factor < kSafety) return refuse();
    return accept(low, high, draw);
  }

  /// The same step once more, shorter: the noise at its beginning is known.
  at::Tensor refuse() {
    eps_.resize(1);
    try_step();
    const auto fractions = inner_fractions(3);
    ask_at(step_.sigma_at(fractions[0]));
    return dpm_solver_latent(begin_, step_, fractions, eps_, fractions[0]);
  }

  at::Tensor accept(const at::Tensor& low, const at::Tensor& high, const DrawNoise& draw) {
    const double added =
        std::sqrt(std::max(sigma_next_ * sigma_next_ - step_.sigma_to * step_.sigma_to, 0.0));
    previous_ = low;
    sigma_ = sigma_next_;
    eps_.clear();
    if (!is_at_end()) {
      try_step();
      ask_at(sigma_);
    }
    return eta() > 0 ? high + draw() * (added * plan_.options.s_noise) : high;
  }

  void forget() override {
    calls_ = one_call_a_step(plan_.schedule);
    eps_.clear();
    sigma_ = 0;
  }

  const double end_;
  double first_log_sigma_ = 0;  // where the run began
  int first_step_ = 0;
  double sigma_ = 0;  // where the step begins; 0 before the run
  double sigma_next_ = 0;
  double h_ = kFirstStep;
  LambdaStep step_;
  at::Tensor begin_;     // of the step
  at::Tensor previous_;  // what the solver of second order said of the last step
  std::vector<at::Tensor> eps_;
};

}  // namespace

std::unique_ptr<Sampler> make_dpm_adaptive(SamplerPlan plan) {
  return std::make_unique<DpmAdaptive>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
