#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/schedule.h"
#include "worker/engine/diffusion/scheduler_config.h"

namespace furrow::engine::diffusion {

/// What a step may be told beside its config.
struct StepOptions {
  double eta = 0;                         ///< DDIM: share of the ancestral noise, 0 … 1
  bool use_clipped_model_output = false;  ///< DDIM: take the noise anew from the clipped latent
  double s_churn = 0;                     ///< Euler: Karras et al. 2022, algorithm 2
  double s_tmin = 0;
  double s_tmax = std::numeric_limits<double>::infinity();
  double s_noise = 1;
};

/// All that a sampler is built from.
struct SamplerPlan {
  SchedulerConfig config;
  TrainedNoise trained;
  Schedule schedule;
  StepOptions options;
};

/// One cell's way from noise to a clean latent, as a step machine: it says what to ask the model,
/// takes the answer, and goes on. It owns the cell's latent and everything remembered between
/// steps, so cells with different samplers, step counts and guidance share one forward pass.
///
///   sampler.start(noise);
///   while (!sampler.is_finished())
///     sampler.advance(model(sampler.model_input(), sampler.timestep()), draw);
///
/// A call is one question to the model; most samplers ask once a step, Heun twice. The latent is
/// [B, C, h, w] float32 on any device, in the model's own (VAE-scaled) scale. Not shared between
/// threads.
class Sampler {
 public:
  explicit Sampler(SamplerPlan plan) : plan_(std::move(plan)) {}

  virtual ~Sampler() = default;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  int step_count() const { return static_cast<int>(plan_.schedule.timesteps.size()); }

  /// How many steps are done.
  virtual int steps_done() const { return call_; }

  virtual int call_count() const { return step_count(); }

  /// The call that begins `step`: where a run enters that does not begin with pure noise.
  virtual int first_call_of(int step) const { return step; }

  /// The next call, from 0; call_count() when finished.
  int call() const { return call_; }

  bool is_finished() const { return call_ >= call_count(); }

  /// What unit noise is multiplied with to become the first latent.
  virtual double initial_scale() const = 0;

  /// `latent` with unit `noise` added so that it is what call `call` expects: the start of
  /// image-to-image.
  virtual at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const = 0;

  /// Begins a run at `first_call` with the latent as that call expects it.
  /// Requires: 0 <= first_call <= call_count(), the beginning of a step.
  void start(at::Tensor latent, int first_call = 0);

  /// What the model is told in call `call`, and the level of noise it meets there.
  double timestep_of(int call) const { return plan_.schedule.timesteps[level_of(call)]; }

  double sigma_of(int call) const { return plan_.schedule.sigmas[level_of(call)]; }

  double timestep() const { return timestep_of(call_); }

  /// The latent as the model wants to see it. Requires: started, not finished.
  virtual at::Tensor model_input() const = 0;

  /// Takes the model's (guided) output and moves on. `draw` is asked at most once, and in the same
  /// calls as the reference implementations ask, so that seeds give the same pictures.
  void advance(const at::Tensor& output, const DrawNoise& draw);

  const at::Tensor& latent() const { return latent_; }

  /// The clean latent that the last call predicted: what a preview shows. Undefined before it.
  const at::Tensor& denoised() const { return denoised_; }

  const SamplerPlan& plan() const { return plan_; }

 protected:
  /// Which of the schedule's levels a call is about.
  virtual std::size_t level_of(int call) const { return static_cast<std::size_t>(call); }

  /// The latent after this call; sets `denoised_`.
  virtual at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) = 0;

  const SamplerPlan plan_;
  // State of the run.
  at::Tensor latent_;
  at::Tensor denoised_;
  int call_ = 0;
};

/// Samplers that add noise on top of the latent (variance exploding): the model sees
/// x / √(sigma² + 1).
class ExplodingSampler : public Sampler {
 public:
  using Sampler::Sampler;

  double initial_scale() const override;
  at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const override;
  at::Tensor model_input() const override;

 protected:
  /// The sigma of this call's level, or of `ahead` levels further on.
  double sigma(int ahead = 0) const;
};

/// Samplers that mix noise in (variance preserving): the model sees the latent as it is.
class PreservingSampler : public Sampler {
 public:
  using Sampler::Sampler;

  double initial_scale() const override { return 1; }

  at::Tensor model_input() const override { return latent_; }
};

/// One sampler: what it is called, here and in diffusers, and how to build it.
struct SamplerRow {
  std::string_view name;             ///< "dpmpp_2m", as in common/spec/sampler_names.h
  std::string_view scheduler_class;  ///< "DPMSolverMultistepScheduler"
  std::string_view algorithm;        ///< of a class that has several; else empty
  ScheduleRule rule;
  std::unique_ptr<Sampler> (*make)(SamplerPlan);
};

/// Every sampler this engine has.
const std::vector<SamplerRow>& sampler_rows();

/// Builds the sampler that a diffusers config describes.
/// Errors: Invalid, naming what of it is not supported, or the number of steps that is not
/// possible.
Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerConfig& config,
                                              const ScheduleRequest& request,
                                              const StepOptions& options = {});

/// The config of furrow's sampler `name` with furrow's schedule `schedule` ("normal", "simple",
/// "karras", "exponential") for a model whose own scheduler config is `model`: training noise,
/// prediction type, spacing and offset are the model's, curves span all of its sigmas.
/// Errors: Invalid, listing the names there are.
Result<SchedulerConfig> config_of(std::string_view name, std::string_view schedule,
                                  const SchedulerConfig& model);

}  // namespace furrow::engine::diffusion
