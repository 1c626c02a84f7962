#include "worker/engine/renderer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "common/image/png.h"
#include "worker/engine/stopwatch.h"

namespace furrow::engine {

namespace {

constexpr auto kPreviewEvery = std::chrono::milliseconds(500);

/// Bounds on what is kept of stages: conditioning, and latents before they are enlarged or decoded.
constexpr std::uint64_t kMostPromptBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMostLatentBytes = std::uint64_t{256} << 20;

/// Steps of the runs that are still to come, as far as the recipe tells.
std::uint32_t steps_after(Run run, const v1::Recipe& recipe) {
  if (run == Run::Hires || !recipe.has_hires()) return 0;
  return recipe_of(Run::Hires, recipe).steps();
}

}  // namespace

Renderer::Renderer(RendererOptions options, Tell tell)
    : options_(std::move(options)),
      tell_(std::move(tell)),
      models_(options_.device, options_.model_cache_bytes),
      prompts_(kMostPromptBytes),
      latents_(kMostLatentBytes) {}

void Renderer::render(v1::RenderCell cell) {
  const v1::Token token = cell.token();
  if (!queue_.add(std::move(cell)))
    tell_failed(token, {v1::FAILURE_CLASS_REJECTED, "too many cells wait for this engine"});
}

void Renderer::cancel(const v1::Token& token) {
  const Failure cancelled{v1::FAILURE_CLASS_CANCELLED, "cancelled"};
  const auto waits = [&](const Follower& follower) {
    return is_same(follower.waiting.cell.token(), token);
  };
  if (queue_.remove(token) || std::erase_if(followers_, waits) > 0)
    return tell_failed(token, cancelled);
  const auto found = std::find_if(active_.begin(), active_.end(), [&](const auto& entry) {
    return is_same(entry.second.cell.token(), token);
  });
  if (found != active_.end()) drop(found->first, cancelled);
}

void Renderer::take_turn() {
  let_cells_join();
  if (!active_.empty()) step();
  let_cells_leave();
  if (active_.empty()) running_.reset();
}

// ---- Stepping

/// The rows of one call for every cell under way.
std::int64_t Renderer::rows() const {
  std::int64_t rows = 0;
  for (const auto& [id, attempt] : active_) rows += batcher_.at(id).rows();
  return rows;
}

/// One call to the model for every cell. When memory runs out, smaller passes are tried once.
std::optional<Failure> Renderer::tick() {
  const auto once = [&] {
    return failure_while("denoising", [&] {
      batcher_.tick(pipelines::UNetDenoiser(*model_->parts->unet, &loras_->unet()));
    });
  };
  auto failure = once();
  if (!failure || failure->kind != v1::FAILURE_CLASS_OOM) return failure;
  const std::int64_t tried = std::min(batcher_.most_rows(), rows());
  batcher_.set_most_rows(std::max<std::int64_t>(2, tried / 2));
  return once();
}

void Renderer::step() {
  const Stopwatch watch;
  auto failure = tick();
  const double seconds_a_row = watch.seconds() / static_cast<double>(rows());

  if (failure) failure->shared = active_.size() > 1;
  std::vector<Id> ids;
  for (auto& [id, attempt] : active_) {
    ids.push_back(id);
    v1::Timing& timing = attempt.timing;
    timing.set_denoise(timing.denoise() +
                       seconds_a_row * static_cast<double>(batcher_.at(id).rows()));
  }
  for (const Id id : ids) {
    const pipelines::Denoising& cell = batcher_.at(id);
    if (cell.is_torn) {
      drop(id, failure.value_or(out_of_memory("denoising")));
    } else if (failure) {
      drop(id, *failure);
    } else if (cell.is_broken) {
      drop(id, {v1::FAILURE_CLASS_NAN,
                fmt::format("the model gave numbers that are not finite at step {} of {}; try "
                            "--precision fp32 or a lower guidance scale",
                            cell.sampler->steps_done() + 1, cell.sampler->step_count())});
    } else {
      tell_progress(id, active_.at(id));
    }
  }
}

void Renderer::tell_progress(Id id, Attempt& attempt) {
  const pipelines::Denoising& denoising = batcher_.at(id);
  const diffusion::Sampler& sampler = *denoising.sampler;
  v1::FromEngine message;
  v1::EngineProgress& progress = *message.mutable_progress();
  *progress.mutable_token() = attempt.cell.token();
  progress.set_phase(v1::PHASE_DENOISING);
  const auto before = static_cast<std::uint32_t>(attempt.steps_before);
  progress.set_step(before + steps_done(denoising));
  progress.set_steps(before + steps_of(denoising) +
                     steps_after(attempt.run, attempt.cell.recipe()));

  std::string preview;
  const Instant now = std::chrono::steady_clock::now();
  if (now - attempt.previewed >= kPreviewEvery && !sampler.is_finished()) {
    attempt.previewed = now;
    const auto failure = failure_while("drawing a preview", [&] {
      preview =
          image::encode_png(model_->preview.draw(sampler.denoised()), {}, image::PngEffort::Fast);
    });
    if (failure) preview.clear();  // the picture itself may still come to its end
  }
  tell_(std::move(message), preview);
}

void Renderer::tell_phase(const v1::Token& token, v1::Phase phase) {
  v1::FromEngine message;
  *message.mutable_progress()->mutable_token() = token;
  message.mutable_progress()->set_phase(phase);
  tell_(std::move(message), {});
}

void Renderer::tell_failed(const v1::Token& token, const Failure& failure) {
  v1::FromEngine message;
  *message.mutable_failed()->mutable_token() = token;
  message.mutable_failed()->set_class_(failure.kind);
  message.mutable_failed()->set_detail(failure.detail);
  message.mutable_failed()->set_shared(failure.shared);
  tell_(std::move(message), {});
}

}  // namespace furrow::engine
