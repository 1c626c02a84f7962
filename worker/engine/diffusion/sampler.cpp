#include "worker/engine/diffusion/sampler.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "common/base/check.h"

namespace furrow::engine::diffusion {

Sampler::Sampler(SamplerPlan plan)
    : plan_(std::move(plan)), calls_(one_call_a_step(plan_.schedule)) {}

Sampler::Sampler(SamplerPlan plan, std::vector<Call> calls)
    : plan_(std::move(plan)), calls_(std::move(calls)) {}

int Sampler::first_call_of(int step) const {
  const auto begins = [&](const Call& call) { return call.step >= step; };
  return static_cast<int>(std::find_if(calls_.begin(), calls_.end(), begins) - calls_.begin());
}

double Sampler::share_done(int call, int first_call, int end_call) const {
  return end_call > first_call ? static_cast<double>(call - first_call) / (end_call - first_call)
                               : 1;
}

std::size_t Sampler::stage() const {
  std::size_t first = index();
  while (first > 0 && calls_[first - 1].step == calls_[index()].step) --first;
  return index() - first;
}

void Sampler::start(at::Tensor latent, int first_call) {
  forget();
  FURROW_CHECK(first_call >= 0 && first_call <= call_count(), "a run begins within its schedule");
  latent_ = std::move(latent);
  denoised_ = at::Tensor();
  fault_.reset();
  call_ = first_call;
}

void Sampler::advance(const at::Tensor& output, const DrawNoise& draw, const at::Tensor& negative) {
  FURROW_CHECK(!is_finished(), "a finished run does not go on");
  negative_ = negative;
  latent_ = next_latent(output, draw);
  ++call_;
}

}  // namespace furrow::engine::diffusion
