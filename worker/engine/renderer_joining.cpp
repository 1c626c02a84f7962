// How cells join the batch: their model is loaded, their texts are encoded, their run is begun.

#include <algorithm>
#include <chrono>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/spec/recipe.h"
#include "worker/engine/pipelines/encode_prompt.h"
#include "worker/engine/pipelines/text_to_image.h"
#include "worker/engine/renderer.h"
#include "worker/engine/stopwatch.h"

namespace furrow::engine {

namespace {

/// Bound on one forward pass, so that activations of large pictures fit: eight rows of 512 × 512
/// pixels.
constexpr std::int64_t kMostPixelsAPass = std::int64_t{8} * 512 * 512;

std::uint64_t bytes_of(const pipelines::TextConditioning& text) {
  const auto bytes = [](const at::Tensor& tensor) {
    return tensor.defined() ? static_cast<std::uint64_t>(tensor.nbytes()) : 0;
  };
  return bytes(text.states) + bytes(text.pooled);
}

/// A cell at the beginning of a run, with what the runs before gave.
Attempt attempt_of(const WaitingCell& waiting) {
  Attempt attempt;
  if (waiting.so_far) attempt = waiting.so_far->attempt;
  attempt.cell = waiting.cell;
  attempt.run = waiting.run;
  attempt.recipe = recipe_of(waiting.run, waiting.cell.recipe());
  return attempt;
}

}  // namespace

void Renderer::let_cells_join() {
  let_followers_go();
  if (active_.empty()) takes_no_more_ = false;
  const Id first = next_id_;
  while (active_.size() + ready_.size() < options_.max_batch && !takes_no_more_) {
    auto waiting = queue_.take_next(running_);
    if (!waiting) break;
    join(*std::move(waiting));
  }
  if (first == next_id_) return;
  const double share = unpaid_load_seconds_ / static_cast<double>(next_id_ - first);
  for (Id id = first; id < next_id_; ++id) {
    v1::Timing& timing = active_.at(id).timing;
    timing.set_load(timing.load() + share);
  }
  unpaid_load_seconds_ = 0;
}

void Renderer::join(WaitingCell waiting) {
  Attempt attempt = attempt_of(waiting);
  if (const auto failure = load_for(waiting, attempt))
    return tell_failed(waiting.cell.token(), *failure);
  if (const auto failure = read(attempt)) return tell_failed(waiting.cell.token(), *failure);

  running_ = waiting.key;
  if (attempt.run == Run::First) {
    if (const at::Tensor* latent = latents_.find(attempt.latent_key)) {
      attempt.latent = *latent;
      return ready_.push_back(std::move(attempt));
    }
    if (is_being_made(attempt.latent_key)) {
      followers_.push_back({std::move(waiting), attempt.latent_key});
      return;
    }
  }
  // Weights that all rows share cannot be changed for one cell of several.
  takes_no_more_ = attempt.loras.are_for_one_cell;
  if (takes_no_more_ && !active_.empty()) return queue_.put_back(std::move(waiting));

  pipelines::Denoising denoising;
  if (const auto failure = begin(waiting, attempt, denoising))
    return tell_failed(waiting.cell.token(), *failure);
  limit_rows(attempt.recipe);
  batcher_.add(next_id_, std::move(denoising));
  active_.emplace(next_id_++, std::move(attempt));
}

/// Those whose latent is there now, or is not made any more.
void Renderer::let_followers_go() {
  const auto may_go = [&](const Follower& follower) { return !is_being_made(follower.latent_key); };
  for (Follower& follower : followers_)
    if (may_go(follower)) queue_.put_back(std::move(follower.waiting));
  std::erase_if(followers_, may_go);
}

bool Renderer::is_being_made(const std::string& latent_key) const {
  const auto makes = [&](const Attempt& attempt, Run run) {
    return run != Run::Hires && attempt.latent_key == latent_key;
  };
  const auto& queued = queue_.waiting();
  return std::any_of(active_.begin(), active_.end(),
                     [&](const auto& entry) { return makes(entry.second, entry.second.run); }) ||
         std::any_of(queued.begin(), queued.end(), [&](const WaitingCell& waiting) {
           return waiting.so_far && makes(waiting.so_far->attempt, waiting.run);
         });
}

void Renderer::limit_rows(const v1::Recipe& recipe) {
  if (!batcher_.is_empty()) return;
  batcher_.set_most_rows(std::max<std::int64_t>(2, kMostPixelsAPass / pixels(recipe)));
}

// ---- Loading

std::optional<Failure> Renderer::load_for(const WaitingCell& waiting, Attempt& attempt) {
  Result<void> loaded;
  auto failure = failure_while("loading the model", [&] { loaded = load_parts(waiting, attempt); });
  if (!failure && !loaded) failure = failure_of_loading(loaded.error());
  return failure;
}

Result<void> Renderer::load_parts(const WaitingCell& waiting, Attempt& attempt) {
  if (!running_) {
    FURROW_TRY_VOID(change_model(waiting));
  }
  const v1::RenderCell& cell = waiting.cell;
  if (cell.vae_path().empty()) {
    attempt.vae = {model_, model_->parts->vae.get()};
    return {};
  }
  const Stopwatch watch;
  FURROW_TRY(attempt.vae,
             models_.vae(cell.vae_path(), cell.recipe().vae().hash(), *model_->parts->vae));
  unpaid_load_seconds_ += watch.seconds();
  return {};
}

/// Keeps what was made ready for the model when the next cell has the same one.
Result<void> Renderer::change_model(const WaitingCell& waiting) {
  if (!models_.holds(waiting.key.model_path, waiting.key.model_hash)) {
    loras_.reset();
    model_.reset();  // makes room for the next
  }
  FURROW_TRY(auto next, load(waiting));
  if (next == model_) return {};
  loras_.reset();
  model_ = std::move(next);
  loras_.emplace(*model_->parts);
  return {};
}

Result<std::shared_ptr<const LoadedModel>> Renderer::load(const WaitingCell& waiting) {
  const auto& [path, hash, width, height] = waiting.key;
  if (path.empty())
    return fail(ErrorKind::NotFound, fmt::format("the refiner \"{}\" is not on this worker",
                                                 waiting.cell.recipe().refiner().model().name()));
  if (!models_.holds(path, hash)) {
    tell_phase(waiting.cell.token(), v1::PHASE_LOADING);
    for (const WaitingCell& other : queue_.waiting())
      if (other.key == waiting.key) tell_phase(other.cell.token(), v1::PHASE_LOADING);
  }
  const Stopwatch watch;
  auto model = models_.model(path, hash);
  unpaid_load_seconds_ += watch.seconds();
  return model;
}

// ---- Beginning

/// What the prompts say, and which LoRAs they ask for.
std::optional<Failure> Renderer::read(Attempt& attempt) {
  Result<void> done;
  auto failure = failure_while("reading the prompt", [&] { done = read_prompts(attempt); });
  if (!failure && !done) failure = failure_of(done.error());
  return failure;
}

Result<void> Renderer::read_prompts(Attempt& attempt) {
  const int steps_before =
      attempt.run == Run::Hires ? static_cast<int>(attempt.cell.recipe().steps()) : 0;
  FURROW_TRY(attempt.prompts, pipelines::read_prompts(attempt.recipe, steps_before));
  FURROW_TRY(attempt.loras, loras_->read(attempt.prompts.positive.loras, attempt.cell));
  if (attempt.run != Run::First) return {};
  attempt.first_prompts = attempt.prompts;
  attempt.latent_key = attempt.cell.model_path() + '\n' +
                       spec::canonical_form(base_recipe_of(attempt.cell.recipe()));
  return {};
}

std::optional<Failure> Renderer::begin(const WaitingCell& waiting, Attempt& attempt,
                                       pipelines::Denoising& denoising) {
  Result<void> begun;
  auto failure = failure_while("preparing the picture",
                               [&] { begun = begin_run(waiting, attempt, denoising); });
  if (!failure && !begun) failure = failure_of(begun.error());
  return failure;
}

Result<void> Renderer::begin_run(const WaitingCell& waiting, Attempt& attempt,
                                 pipelines::Denoising& denoising) {
  const v1::Recipe& recipe = attempt.recipe;
  FURROW_TRY(const auto shape, pipelines::latent_shape(*model_->parts->vae, recipe));
  FURROW_TRY(const auto shape_of_vae, pipelines::latent_shape(*attempt.vae, recipe));
  if (shape != shape_of_vae)
    return fail(ErrorKind::Invalid, fmt::format("the VAE in {} has other latents than the model",
                                                attempt.cell.vae_path()));
  tell_phase(attempt.cell.token(), v1::PHASE_ENCODING);
  const Stopwatch watch;
  FURROW_TRY(auto conditioning, condition(attempt));
  const pipelines::UNetDenoiser network(*model_->parts->unet, &loras_->unet());
  const pipelines::RunModel model = {network, model_->scheduler, *attempt.vae};
  switch (attempt.run) {
    case Run::First: {
      FURROW_TRY(attempt.inputs, InputPictures::of(attempt.cell));
      FURROW_TRY(denoising, pipelines::begin(model, recipe, std::move(conditioning),
                                             attempt.inputs.tensors()));
      break;
    }
    case Run::Refiner: {
      FURROW_TRY(denoising, pipelines::begin_refiner(model, recipe, std::move(conditioning),
                                                     std::move(waiting.so_far->denoising)));
      break;
    }
    case Run::Hires: {
      FURROW_TRY(denoising,
                 pipelines::begin_hires(model, recipe, std::move(conditioning), attempt.latent));
      break;
    }
  }
  denoising.loras = attempt.loras.unet;
  attempt.timing.set_encode(attempt.timing.encode() + watch.seconds());
  attempt.previewed = std::chrono::steady_clock::now();
  return {};
}

Result<pipelines::Conditioning> Renderer::condition(const Attempt& attempt) {
  const pipelines::ConditionOptions options = {
      .guidance_scale = attempt.recipe.guidance_scale(),
      .needs_negative = diffusion::needs_negative(attempt.recipe.sampler()),
      .zeros_for_empty_negative = model_->zeros_for_empty_negative()};
  return pipelines::condition(attempt.prompts, options,
                              [&](const std::string& text) { return encode(attempt, text); });
}

Result<pipelines::TextConditioning> Renderer::encode(const Attempt& attempt,
                                                     const std::string& text) {
  const std::uint32_t clip_skip = attempt.recipe.clip_skip();
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}", running_->model_path, running_->model_hash, clip_skip,
                  attempt.loras.text_key, text);
  if (const auto* found = prompts_.find(key)) return *found;
  FURROW_TRY_VOID(loras_->use_on_text_encoders(attempt.loras));
  FURROW_TRY(auto encoded,
             pipelines::encode_prompt(*model_->parts, text, {.clip_skip = clip_skip}));
  prompts_.put(key, encoded, bytes_of(encoded));
  return encoded;
}

}  // namespace furrow::engine
