// Restart: Xu et al. 2023, "Restart Sampling for Improving Generative Processes"
// (arXiv:2306.14878), as A1111 has it: Heun's steps, and where the level nearest to 0.1 is reached,
// noise back up to that nearest to 2 and down again along Karras' curve, once (from 20 steps) or
// twice (from 36). With flow matching, whose sigma is noise in the mix, the same noise over signal
// is meant, at 1 / 11 and 2 / 3. The steps of the restarts are taken from the number that was asked
// for; the remaining ones go along Karras' curve too. Shorter runs are Heun's.

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kRestartFrom = 0.1;  // noise over signal
constexpr double kRestartTo = 2;
constexpr int kOneRestart = 20;   // steps
constexpr int kTwoRestarts = 36;  // steps

/// One way down. Before it noise is added where it begins above the level that was reached.
struct Leg {
  double from = 0;
  double to = 0;
};

std::vector<double> karras(int steps, double sigma_min, double sigma_max) {
  SchedulerConfig config;
  config.curve = SigmaCurve::Karras;
  return sigmas_along(config, {sigma_max, sigma_min}, steps);
}

std::size_t nearest(const std::vector<double>& sigmas, double wanted) {
  const auto distance = [&](double sigma) { return std::abs(sigma - wanted); };
  return static_cast<std::size_t>(
      std::min_element(sigmas.begin(), sigmas.end(),
                       [&](double a, double b) { return distance(a) < distance(b); }) -
      sigmas.begin());
}

/// The sigma at which noise is to signal as `ratio`.
double sigma_of_ratio(double ratio, bool is_flow) {
  return is_flow ? ratio / (1 + ratio) : ratio;
}

std::vector<Leg> legs_of(const SamplerPlan& plan) {
  const Schedule& schedule = plan.schedule;
  const auto steps = static_cast<int>(schedule.timesteps.size());
  std::vector<double> sigmas = schedule.sigmas;
  const int times = steps >= kTwoRestarts ? 2 : steps >= kOneRestart ? 1 : 0;
  const int restart_steps = steps >= kTwoRestarts ? steps / 4 : 9;
  if (times > 0) {
    sigmas = karras(steps - restart_steps * times, schedule.sigmas[schedule.sigmas.size() - 2],
                    schedule.sigmas.front());
    sigmas.push_back(schedule.sigmas.back());
  }

  const std::size_t low = nearest(sigmas, sigma_of_ratio(kRestartFrom, plan.config.is_flow));
  const std::size_t high = nearest(sigmas, sigma_of_ratio(kRestartTo, plan.config.is_flow));
  std::vector<Leg> legs;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    legs.push_back({sigmas[i], sigmas[i + 1]});
    if (i + 1 != low || high >= low) continue;
    auto again = karras(restart_steps + 1, sigmas[low], sigmas[high]);
    for (int time = 0; time < times; ++time)
      for (std::size_t j = 0; j + 1 < again.size(); ++j) legs.push_back({again[j], again[j + 1]});
  }
  return legs;
}

/// Two calls a leg but one in a leg to 0. A leg is a step of the run, as far as there are so many.
std::vector<Call> restart_calls(const SamplerPlan& plan, const std::vector<Leg>& legs) {
  const auto last = static_cast<int>(plan.schedule.timesteps.size()) - 1;
  std::vector<Call> calls;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const int step = std::min(static_cast<int>(i), last);
    calls.push_back({step, legs[i].from, told_at(plan, legs[i].from)});
    if (legs[i].to > 0) calls.push_back({step, legs[i].to, told_at(plan, legs[i].to)});
  }
  return calls;
}

class Restart final : public SigmaSampler {
 public:
  Restart(const SamplerPlan& plan, std::vector<Leg> legs)
      : SigmaSampler(plan, restart_calls(plan, legs)), legs_(std::move(legs)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const Leg& leg = legs_[index() / 2];
    const double dt = leg.to - leg.from;
    const at::Tensor d = slope(latent_, output, sigma_of(call_));
    if (index() % 2 == 0) {
      begin_ = latent_;
      d_ = d;
      const at::Tensor x = latent_ + d * dt;
      return leg.to > 0 ? x : raised(x, draw);
    }
    return raised(begin_ + (d_ + d) * (0.5 * dt), draw);
  }

  /// With the noise that the next leg begins with.
  at::Tensor raised(const at::Tensor& x, const DrawNoise& draw) const {
    const std::size_t leg = index() / 2;
    if (leg + 1 == legs_.size() || legs_[leg + 1].from <= legs_[leg].to) return x;
    const double from = legs_[leg].to;
    const double to = legs_[leg + 1].from;
    const double scale = is_flow() ? (1 - to) / (1 - from) : 1;
    const double added = std::sqrt(to * to - from * from * scale * scale);
    return x * scale + draw() * (added * plan_.options.s_noise);
  }

  const std::vector<Leg> legs_;
  // Of the leg between its two calls.
  at::Tensor begin_;
  at::Tensor d_;
};

}  // namespace

std::unique_ptr<Sampler> make_restart(SamplerPlan plan) {
  return std::make_unique<Restart>(plan, legs_of(plan));
}

}  // namespace furrow::engine::diffusion
