#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/sampler_plan.h"

namespace furrow::engine::diffusion {

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
  virtual ~Sampler() = default;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  int step_count() const { return static_cast<int>(plan_.schedule.timesteps.size()); }

  /// How many steps are done.
  int steps_done() const { return is_finished() ? step_count() : calls_[index()].step; }

  /// How many calls a run takes. A sampler that chooses its own steps guesses before the run, and
  /// then knows only the next one.
  int call_count() const { return static_cast<int>(calls_.size()); }

  /// The call that begins `step`: where a run enters that does not begin with pure noise.
  /// Requires: 0 <= step <= step_count().
  virtual int first_call_of(int step) const;

  /// The next call, from 0; call_count() when finished.
  int call() const { return call_; }

  bool is_finished() const { return fault_.has_value() || call_ >= call_count(); }

  /// Why the run cannot reach its end, as a sentence, when it is finished for that: its latent is
  /// no picture. Nothing for samplers of a fixed number of calls.
  const std::optional<std::string>& fault() const { return fault_; }

  /// How much of a run from `first_call` to before `end_call` is done before `call`, 0 … 1: by
  /// calls, or by the noise that is gone where a sampler chooses its own steps, up to the next one.
  /// Requires: first_call <= call <= end_call.
  virtual double share_done(int call, int first_call, int end_call) const;

  /// What unit noise is multiplied with to become the first latent.
  virtual double initial_scale() const = 0;

  /// `latent` with unit `noise` added so that it is as noisy as the one that call `call` meets: the
  /// start of image-to-image, and what inpainting puts back. Requires: 0 <= call < call_count().
  virtual at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const = 0;

  /// Begins a run at `first_call` with the latent as that call expects it, and forgets any other.
  /// Requires: 0 <= first_call <= call_count(), the beginning of a step.
  void start(at::Tensor latent, int first_call = 0);

  /// What the model is told in call `call`, and the level of noise it meets there.
  double timestep_of(int call) const { return calls_[static_cast<std::size_t>(call)].timestep; }

  double sigma_of(int call) const { return calls_[static_cast<std::size_t>(call)].sigma; }

  double timestep() const { return timestep_of(call_); }

  /// The latent as the model wants to see it. Requires: started, not finished.
  virtual at::Tensor model_input() const = 0;

  /// Takes the model's (guided) output and moves on. `draw` is asked in the same calls, as often
  /// and in the same order as the reference implementation asks, so that seeds give the same
  /// pictures; most samplers ask at most once a call.
  ///
  /// @param negative  what the model says to the negative prompt, unguided; undefined without
  ///                  guidance. Only samplers that needs_negative() names look at it.
  void advance(const at::Tensor& output, const DrawNoise& draw, const at::Tensor& negative = {});

  const at::Tensor& latent() const { return latent_; }

  /// Puts another latent of the same shape in its place: inpainting puts back what is kept. What is
  /// remembered of earlier steps stays. Requires: started.
  void replace_latent(at::Tensor latent) { latent_ = std::move(latent); }

  /// The clean latent that the last call predicted: what a preview shows. Undefined before it.
  const at::Tensor& denoised() const { return denoised_; }

  const SamplerPlan& plan() const { return plan_; }

 protected:
  explicit Sampler(SamplerPlan plan);
  Sampler(SamplerPlan plan, std::vector<Call> calls);

  /// The latent after this call; sets `denoised_`.
  virtual at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) = 0;

  /// Forgets what is remembered between steps.
  virtual void forget() {}

  std::size_t index() const { return static_cast<std::size_t>(call_); }

  /// The step that this call belongs to.
  std::size_t step() const { return static_cast<std::size_t>(calls_[index()].step); }

  /// Whether this call is the first, and whether it is the last, of its step.
  bool begins_step() const {
    return call_ == 0 || calls_[index() - 1].step != calls_[index()].step;
  }

  /// How many calls of the same step came before this one.
  std::size_t stage() const;

  bool ends_step() const {
    return call_ + 1 == call_count() || calls_[index() + 1].step != calls_[index()].step;
  }

  // Constant after construction, but for samplers that choose their steps as they go.
  const SamplerPlan plan_;
  std::vector<Call> calls_;
  // State of the run.
  at::Tensor latent_;
  at::Tensor denoised_;
  at::Tensor negative_;  // of this call
  std::optional<std::string> fault_;
  int call_ = 0;
};

/// One sampler: what it is called here, and the config that it stands for.
struct SamplerRow {
  std::string_view name;             ///< "dpmpp_2m", as in common/spec/sampler_names.h
  std::string_view scheduler_class;  ///< "DPMSolverMultistepScheduler"
  void (*set)(SchedulerConfig&);     ///< what of the class's config makes it this sampler
};

/// Every sampler this engine has.
const std::vector<SamplerRow>& sampler_rows();

/// Whether sampler `name` needs what the model says to the negative prompt also at guidance scales
/// at which guidance itself does not (diffusion::needs_negative of guidance.h). Unknown names do
/// not.
bool needs_negative(std::string_view name);

/// Builds the sampler that a config describes: diffusers' own, or one of config_of.
/// Errors: Invalid, naming what of it is not supported or does not fit together, the number of
/// steps that is not possible, or the option that is out of range or not this sampler's.
Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerConfig& config,
                                              const ScheduleRequest& request,
                                              const StepOptions& options = {});

/// The config of furrow's sampler `name` with furrow's schedule `schedule` (both canonical names of
/// common/spec/sampler_names.h) for a model whose own scheduler config is `model`: training noise
/// and prediction type are the model's, curves span all of its sigmas, and the normal schedule goes
/// evenly from its noisiest timestep, as A1111 and sdnext have it. Samplers of whole timesteps
/// (DDIM, DDPM, PLMS, LCM, TCD and their relatives) are spaced as the model's config says.
/// "default" is that config itself, as diffusers runs it. Errors: Invalid, listing the names there
/// are, or saying why the two do not go together or not with this kind of model.
Result<SchedulerConfig> config_of(std::string_view name, std::string_view schedule,
                                  const SchedulerConfig& model);

}  // namespace furrow::engine::diffusion
