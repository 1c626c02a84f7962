#include "worker/engine/renderer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/base/version.h"
#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/spec/recipe.h"
#include "furrow/v1/artifact.pb.h"
#include "worker/engine/pipelines/decode.h"
#include "worker/engine/pipelines/encode_prompt.h"
#include "worker/engine/pipelines/text_to_image.h"

namespace furrow::engine {

namespace {

/// Bound on the conditioning that is kept.
constexpr std::uint64_t kMostPromptBytes = std::uint64_t{256} << 20;
constexpr auto kPreviewEvery = std::chrono::milliseconds(500);

/// Bounds on one forward pass and one decoding, so that activations of large pictures fit: eight
/// rows of 512 × 512 pixels, and one such picture.
constexpr std::int64_t kMostPixelsAPass = std::int64_t{8} * 512 * 512;
constexpr std::int64_t kMostPixelsADecode = std::int64_t{512} * 512;

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return to_seconds(std::chrono::steady_clock::now() - start_); }

 private:
  Instant start_ = std::chrono::steady_clock::now();
};

std::int64_t pixels(const v1::Recipe& recipe) {
  return std::int64_t{recipe.width()} * recipe.height();
}

std::uint64_t bytes_of(const pipelines::TextConditioning& text) {
  const auto bytes = [](const at::Tensor& tensor) {
    return tensor.defined() ? static_cast<std::uint64_t>(tensor.nbytes()) : 0;
  };
  return bytes(text.states) + bytes(text.pooled);
}

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

Renderer::Renderer(RendererOptions options, Tell tell)
    : options_(std::move(options)),
      tell_(std::move(tell)),
      models_(options_.device, options_.model_cache_bytes),
      prompts_(kMostPromptBytes) {}

void Renderer::render(v1::RenderCell cell) {
  const v1::Token token = cell.token();
  if (!queue_.add(std::move(cell)))
    tell_failed(token, {v1::FAILURE_CLASS_REJECTED, "too many cells wait for this engine"});
}

void Renderer::cancel(const v1::Token& token) {
  const Failure cancelled{v1::FAILURE_CLASS_CANCELLED, "cancelled"};
  if (queue_.remove(token)) return tell_failed(token, cancelled);
  const auto found = std::find_if(active_.begin(), active_.end(), [&](const auto& entry) {
    return is_same(entry.second.cell.token(), token);
  });
  if (found != active_.end()) drop(found->first, cancelled);
}

void Renderer::take_turn() {
  let_cells_join();
  if (!active_.empty()) step();
  finish(done_cells());
  if (active_.empty()) running_.reset();
}

// ---- Joining

void Renderer::let_cells_join() {
  std::vector<Id> joined;
  if (active_.empty()) takes_no_more_ = false;
  while (active_.size() < options_.max_batch && !takes_no_more_) {
    auto cell = queue_.take_next(running_);
    if (!cell) break;
    const v1::Token token = cell->token();
    const BatchKey key = BatchKey::of(*cell);
    Attempt attempt;
    pipelines::Denoising denoising;
    auto failure = load_for(*cell, attempt);
    if (!failure) failure = prepare(*std::move(cell), attempt, denoising);
    if (failure) {
      tell_failed(token, *failure);
      continue;
    }
    // Weights that all rows share cannot be changed for one cell of several.
    if (attempt.loras.are_for_one_cell && !active_.empty()) {
      queue_.put_back(std::move(attempt.cell));
      takes_no_more_ = true;
      break;
    }
    takes_no_more_ = attempt.loras.are_for_one_cell;
    running_ = key;
    limit_rows(attempt.cell.recipe());
    batcher_.add(next_id_, std::move(denoising));
    active_.emplace(next_id_, std::move(attempt));
    joined.push_back(next_id_++);
  }
  for (const Id id : joined)
    active_.at(id).timing.set_load(unpaid_load_seconds_ / static_cast<double>(joined.size()));
  if (!joined.empty()) unpaid_load_seconds_ = 0;
}

Result<std::shared_ptr<const LoadedModel>> Renderer::load(const v1::RenderCell& cell) {
  const std::string& hash = cell.recipe().model().hash();
  if (!models_.holds(cell.model_path(), hash)) {
    tell_phase(cell.token(), v1::PHASE_LOADING);
    const BatchKey key = BatchKey::of(cell);
    for (const v1::RenderCell& waiting : queue_.waiting())
      if (BatchKey::of(waiting) == key) tell_phase(waiting.token(), v1::PHASE_LOADING);
  }
  const Stopwatch watch;
  auto model = models_.model(cell.model_path(), hash);
  unpaid_load_seconds_ += watch.seconds();
  return model;
}

/// Keeps what was made ready for the model when the next cell has the same one.
Result<void> Renderer::change_model(const v1::RenderCell& cell) {
  if (!models_.holds(cell.model_path(), cell.recipe().model().hash())) {
    loras_.reset();
    model_.reset();  // makes room for the next
  }
  FURROW_TRY(auto next, load(cell));
  if (next == model_) return {};
  loras_.reset();
  model_ = std::move(next);
  loras_.emplace(*model_->parts);
  return {};
}

Result<void> Renderer::load_parts(const v1::RenderCell& cell, Attempt& attempt) {
  if (!running_) {
    FURROW_TRY_VOID(change_model(cell));
  }
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

std::optional<Failure> Renderer::load_for(const v1::RenderCell& cell, Attempt& attempt) {
  Result<void> loaded;
  auto failure = failure_while("loading the model", [&] { loaded = load_parts(cell, attempt); });
  if (!failure && !loaded) failure = failure_of_loading(loaded.error());
  return failure;
}

Result<void> Renderer::begin(v1::RenderCell cell, Attempt& attempt,
                             pipelines::Denoising& denoising) {
  const v1::Recipe& recipe = cell.recipe();
  FURROW_TRY(const auto shape, pipelines::latent_shape(*model_->parts->vae, recipe));
  FURROW_TRY(const auto shape_of_vae, pipelines::latent_shape(*attempt.vae, recipe));
  if (shape != shape_of_vae)
    return fail(ErrorKind::Invalid,
                fmt::format("the VAE in {} has other latents than the model", cell.vae_path()));

  tell_phase(cell.token(), v1::PHASE_ENCODING);
  const Stopwatch watch;
  FURROW_TRY(attempt.prompts, pipelines::read_prompts(recipe));
  FURROW_TRY(attempt.loras, loras_->read(attempt.prompts.positive.loras, cell));
  FURROW_TRY(auto conditioning,
             pipelines::condition(
                 attempt.prompts, {recipe.guidance_scale(), model_->zeros_for_empty_negative()},
                 [&](const std::string& text) { return encode(cell, attempt.loras, text); }));
  FURROW_TRY(denoising, pipelines::begin({pipelines::UNetDenoiser(*model_->parts->unet),
                                          model_->scheduler, *attempt.vae},
                                         recipe, std::move(conditioning)));
  denoising.loras = attempt.loras.unet;
  attempt.timing.set_encode(watch.seconds());
  attempt.previewed = std::chrono::steady_clock::now();
  attempt.cell = std::move(cell);
  return {};
}

std::optional<Failure> Renderer::prepare(v1::RenderCell cell, Attempt& attempt,
                                         pipelines::Denoising& denoising) {
  Result<void> begun;
  auto failure = failure_while("preparing the picture",
                               [&] { begun = begin(std::move(cell), attempt, denoising); });
  if (!failure && !begun) failure = failure_of(begun.error());
  return failure;
}

Result<pipelines::TextConditioning> Renderer::encode(const v1::RenderCell& cell,
                                                     const CellLoras& loras,
                                                     const std::string& text) {
  const v1::Recipe& recipe = cell.recipe();
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}", cell.model_path(), recipe.model().hash(),
                  recipe.clip_skip(), loras.text_key, text);
  if (const auto* found = prompts_.find(key)) return *found;
  FURROW_TRY_VOID(loras_->use_on_text_encoders(loras));
  FURROW_TRY(auto encoded,
             pipelines::encode_prompt(*model_->parts, text, {.clip_skip = recipe.clip_skip()}));
  prompts_.put(key, encoded, bytes_of(encoded));
  return encoded;
}

void Renderer::limit_rows(const v1::Recipe& recipe) {
  if (!batcher_.is_empty()) return;
  batcher_.set_most_rows(std::max<std::int64_t>(2, kMostPixelsAPass / pixels(recipe)));
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
  const diffusion::Sampler& sampler = *batcher_.at(id).sampler;
  v1::FromEngine message;
  v1::EngineProgress& progress = *message.mutable_progress();
  *progress.mutable_token() = attempt.cell.token();
  progress.set_phase(v1::PHASE_DENOISING);
  progress.set_step(static_cast<std::uint32_t>(sampler.steps_done()));
  progress.set_steps(static_cast<std::uint32_t>(sampler.step_count()));

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

// ---- Leaving

std::vector<Renderer::Id> Renderer::done_cells() const {
  std::vector<Id> ids;
  for (const auto& [id, attempt] : active_)
    if (batcher_.at(id).is_finished()) ids.push_back(id);
  return ids;
}

/// Decodes cells of one VAE together, as many as fit.
void Renderer::finish(const std::vector<Id>& ids) {
  std::map<const nn::AutoencoderKl*, std::vector<Id>> by_vae;
  for (const Id id : ids) by_vae[active_.at(id).vae.get()].push_back(id);
  for (const auto& [vae, cells] : by_vae) {
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(
        1, kMostPixelsADecode / pixels(active_.at(cells.front()).cell.recipe())));
    for (std::size_t first = 0; first < cells.size(); first += most) {
      const auto last = std::min(cells.size(), first + most);
      decode({cells.begin() + static_cast<std::ptrdiff_t>(first),
              cells.begin() + static_cast<std::ptrdiff_t>(last)});
    }
  }
}

void Renderer::decode(const std::vector<Id>& ids) {
  std::vector<at::Tensor> latents;
  for (const Id id : ids) {
    tell_phase(active_.at(id).cell.token(), v1::PHASE_DECODING);
    latents.push_back(batcher_.at(id).sampler->latent());
  }
  const Stopwatch watch;
  at::Tensor finite;
  std::vector<image::Image> pictures;
  auto failure = failure_while("decoding", [&] {
    const at::Tensor decoded =
        pipelines::decode_latents(*active_.at(ids.front()).vae, at::cat(latents));
    finite = decoded.isfinite().flatten(1).all(1).to(at::kCPU);
    pictures = pipelines::to_images(decoded);
  });
  const double share = watch.seconds() / static_cast<double>(ids.size());
  if (failure) failure->shared = ids.size() > 1;

  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (failure) {
      drop(ids[i], *failure);
    } else if (!finite[static_cast<std::int64_t>(i)].item<bool>()) {
      drop(ids[i], {v1::FAILURE_CLASS_NAN,
                    "the VAE gave numbers that are not finite; try --precision fp32"});
    } else {
      const auto done = active_.extract(ids[i]);
      batcher_.remove(ids[i]);
      v1::Timing timing = done.mapped().timing;
      timing.set_decode(share);
      const auto undelivered =
          failure_while("saving", [&] { deliver(done.mapped(), pictures[i], timing); });
      if (undelivered) tell_failed(done.mapped().cell.token(), *undelivered);
    }
  }
}

void Renderer::deliver(const Attempt& attempt, const image::Image& picture, v1::Timing timing) {
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
  add_prompts(attempt.prompts, metadata);
  const std::string png = image::encode_png(picture, image::metadata_texts(metadata));

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

void Renderer::drop(Id id, const Failure& failure) {
  const auto attempt = active_.extract(id);
  batcher_.remove(id);
  tell_failed(attempt.mapped().cell.token(), failure);
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
