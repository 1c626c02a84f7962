// How cells leave the batch: to their next run, or decoded, saved and delivered.

#include <algorithm>
#include <map>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/base/version.h"
#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/spec/recipe.h"
#include "furrow/v1/artifact.pb.h"
#include "worker/engine/enlarging.h"
#include "worker/engine/pipelines/decode.h"
#include "worker/engine/renderer.h"
#include "worker/engine/stopwatch.h"

namespace furrow::engine {

namespace {

/// Bound on one decoding, so that activations of large pictures fit: one of 512 × 512 pixels.
constexpr std::int64_t kMostPixelsADecode = std::int64_t{512} * 512;

/// Records what came of the recipe's prompts.
void add_prompts(const pipelines::RecipePrompts& prompts, v1::ImageMetadata& metadata) {
  const v1::Recipe& recipe = metadata.recipe();
  const auto add_choices = [](const prompt::Prompt& from, auto& to) {
    for (const prompt::Choice& choice : from.choices) {
      v1::PromptChoice& added = *to.Add();
      added.set_written(choice.written);
      added.set_taken(choice.taken);
    }
  };
  if (prompts.positive.text != recipe.prompt()) metadata.set_final_prompt(prompts.positive.text);
  if (prompts.negative.text != recipe.negative_prompt())
    metadata.set_final_negative_prompt(prompts.negative.text);
  add_choices(prompts.positive, *metadata.mutable_choices());
  add_choices(prompts.negative, *metadata.mutable_negative_choices());
}

}  // namespace

std::vector<Renderer::Id> Renderer::done_cells() const {
  std::vector<Id> ids;
  for (const auto& [id, attempt] : active_)
    if (batcher_.at(id).is_finished()) ids.push_back(id);
  return ids;
}

/// What finished in this turn, and what was ready without a run.
void Renderer::let_cells_leave() {
  std::vector<Attempt> done = std::exchange(ready_, {});
  for (const Id id : done_cells()) {
    pipelines::Denoising denoising = batcher_.remove(id);
    Attempt attempt = std::move(active_.extract(id).mapped());
    if (const auto& fault = denoising.sampler->fault()) {
      tell_failed(attempt.cell.token(), {v1::FAILURE_CLASS_INPUT, *fault});
      continue;
    }
    attempt.latent = denoising.sampler->latent();
    attempt.steps_before += steps_of(denoising);
    if (run_after(attempt.run, attempt.cell.recipe()) == Run::Refiner) {
      go_on(std::move(attempt), Run::Refiner, std::move(denoising));
      continue;
    }
    if (attempt.run != Run::Hires) keep_latent(attempt);
    done.push_back(std::move(attempt));
  }
  std::vector<Attempt> last;
  for (Attempt& attempt : done) {
    if (run_after(attempt.run, attempt.cell.recipe()) == Run::Hires) {
      enlarge(std::move(attempt));
    } else {
      last.push_back(std::move(attempt));
    }
  }
  decode(std::move(last));
}

/// Cells that differ only in what comes later need not make it again.
void Renderer::keep_latent(const Attempt& attempt) {
  if (latents_.find(attempt.latent_key) == nullptr)
    latents_.put(attempt.latent_key, attempt.latent, attempt.latent.nbytes());
}

/// To the front of the queue: what is under way comes before what has not begun.
void Renderer::go_on(Attempt attempt, Run next, pipelines::Denoising denoising) {
  const v1::RenderCell cell = attempt.cell;
  queue_.put_back(WaitingCell(
      cell, next, std::make_shared<SoFar>(SoFar{std::move(attempt), std::move(denoising)})));
}

/// Makes the latent of the last run larger, for hires fix to go on with.
void Renderer::enlarge(Attempt attempt) {
  const v1::Token token = attempt.cell.token();
  const Stopwatch watch;
  Result<at::Tensor> larger = fail(ErrorKind::Internal, "not enlarged");
  auto failure = failure_while("enlarging the picture", [&] { larger = enlarged(attempt); });
  if (!failure && !larger) failure = failure_of(larger.error());
  if (failure) return tell_failed(token, *failure);
  attempt.latent = *std::move(larger);
  attempt.timing.set_decode(attempt.timing.decode() + watch.seconds());
  go_on(std::move(attempt), Run::Hires, {});
}

Result<at::Tensor> Renderer::enlarged(const Attempt& attempt) {
  const v1::HiresFix& hires = attempt.cell.recipe().hires();
  std::shared_ptr<const nn::Upscaler> upscaler;
  if (hires.has_upscaler_model()) {
    const std::string& hash = hires.upscaler_model().hash();
    const std::string path = path_of(hash, attempt.cell);
    if (path.empty())
      return fail(ErrorKind::NotFound, fmt::format("the upscaler \"{}\" is not on this worker",
                                                   hires.upscaler_model().name()));
    FURROW_TRY(upscaler, models_.upscaler(path, hash));
  }
  return enlarged_for_hires(attempt.latent, hires, *attempt.vae, upscaler.get());
}

// ---- Decoding

/// Decodes cells of one VAE and size together, as many as fit.
void Renderer::decode(std::vector<Attempt> attempts) {
  std::map<std::pair<const nn::AutoencoderKl*, std::int64_t>, std::vector<Attempt>> alike;
  for (Attempt& attempt : attempts)
    alike[{attempt.vae.get(), pixels(attempt.recipe)}].push_back(std::move(attempt));
  for (auto& [key, cells] : alike) {
    const auto most = static_cast<std::size_t>(
        std::max<std::int64_t>(1, kMostPixelsADecode / std::max<std::int64_t>(1, key.second)));
    for (std::size_t first = 0; first < cells.size(); first += most) {
      const std::size_t count = std::min(most, cells.size() - first);
      decode_together(std::span(cells).subspan(first, count));
    }
  }
}

void Renderer::decode_together(std::span<Attempt> attempts) {
  std::vector<at::Tensor> latents;
  for (const Attempt& attempt : attempts) {
    tell_phase(attempt.cell.token(), v1::PHASE_DECODING);
    latents.push_back(attempt.latent);
  }
  const Stopwatch watch;
  at::Tensor finite;
  std::vector<image::Image> pictures;
  auto failure = failure_while("decoding", [&] {
    const at::Tensor decoded = pipelines::decode_latents(*attempts.front().vae, at::cat(latents));
    finite = decoded.isfinite().flatten(1).all(1).to(at::kCPU);
    pictures = pipelines::to_images(decoded);
  });
  const double share = watch.seconds() / static_cast<double>(attempts.size());
  if (failure) failure->shared = attempts.size() > 1;

  for (std::size_t i = 0; i < attempts.size(); ++i) {
    Attempt& attempt = attempts[i];
    if (failure) {
      tell_failed(attempt.cell.token(), *failure);
    } else if (!finite[static_cast<std::int64_t>(i)].item<bool>()) {
      tell_failed(attempt.cell.token(),
                  {v1::FAILURE_CLASS_NAN,
                   "the VAE gave numbers that are not finite; try --precision fp32"});
    } else {
      attempt.timing.set_decode(attempt.timing.decode() + share);
      const auto undelivered = failure_while(
          "saving", [&] { deliver(attempt, attempt.inputs.finished(std::move(pictures[i]))); });
      if (undelivered) tell_failed(attempt.cell.token(), *undelivered);
    }
  }
}

void Renderer::deliver(const Attempt& attempt, const image::Image& picture) {
  const Stopwatch watch;
  const v1::Recipe& recipe = attempt.cell.recipe();
  const Digest hash = spec::recipe_hash(recipe);
  v1::ImageMetadata metadata;
  metadata.set_schema("furrow.image/1");
  *metadata.mutable_recipe() = recipe;
  metadata.set_recipe_hash(hash.hex());
  metadata.set_job(attempt.cell.token().job());
  metadata.set_cell(attempt.cell.token().cell());
  *metadata.mutable_provenance() = attempt.cell.provenance();
  metadata.set_backend("libtorch");
  metadata.set_version(kVersion);
  metadata.set_device(options_.device.id());
  metadata.set_precision(options_.device.precision());
  add_prompts(attempt.first_prompts, metadata);
  const std::string png = image::encode_png(picture, image::metadata_texts(metadata));

  v1::Timing timing = attempt.timing;
  timing.set_save(watch.seconds());
  timing.set_total(timing.load() + timing.encode() + timing.denoise() + timing.decode() +
                   timing.save());
  v1::FromEngine message;
  v1::EngineRendered& rendered = *message.mutable_rendered();
  *rendered.mutable_token() = attempt.cell.token();
  rendered.set_recipe_hash(hash.raw());
  rendered.set_width(static_cast<std::uint32_t>(picture.width));
  rendered.set_height(static_cast<std::uint32_t>(picture.height));
  *rendered.mutable_timing() = timing;
  tell_(std::move(message), png);
}

/// A cell of the batch that is lost.
void Renderer::drop(Id id, const Failure& failure) {
  const auto attempt = active_.extract(id);
  batcher_.remove(id);
  tell_failed(attempt.mapped().cell.token(), failure);
}

}  // namespace furrow::engine
