#include "worker/engine/pipelines/begin.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/diffusion/run_noise.h"
#include "worker/engine/diffusion/sampler_options.h"
#include "worker/engine/pipelines/image_to_image.h"
#include "worker/engine/pipelines/inpainting.h"
#include "worker/engine/pipelines/instruct_pix2pix.h"
#include "worker/engine/pipelines/refining.h"
#include "worker/engine/pipelines/schedule_request.h"
#include "worker/engine/pipelines/size_conditioning.h"
#include "worker/engine/pipelines/text_to_image.h"

namespace furrow::engine::pipelines {

namespace {

/// How strongly InstructPix2Pix keeps to the picture where the recipe does not say: its authors'.
constexpr double kImageGuidance = 1.5;

/// How many numbers SDXL's refiner is told beside the pooled prompt.
constexpr std::int64_t kTimeIdsWithScore = 5;

/// More steps than any schedule takes, which then says so.
constexpr std::uint32_t kMostSteps = 1U << 20;

Result<void> guide(Denoising& cell, const v1::Recipe& recipe, bool network_guides_itself) {
  const double scale = recipe.guidance_scale();
  const double rescale = recipe.guidance_rescale();
  const double end = recipe.guidance_end();
  if (!std::isfinite(scale))
    return fail(ErrorKind::Invalid, "guidance scale: a finite number is expected");
  if (!(rescale >= 0 && rescale <= 1))
    return fail(ErrorKind::Invalid,
                fmt::format("guidance rescale {}: it lies between 0 and 1", rescale));
  if (!(end >= 0 && end <= 1))
    return fail(ErrorKind::Invalid, fmt::format("guidance end {}: it lies between 0 and 1", end));
  if (network_guides_itself) {
    cell.embedded_guidance = scale;
    cell.conditioning.negative = {};
  }
  const bool is_guided = cell.conditioning.negative.defined() && (end == 0 || end == 1);
  if (!is_guided && cell.conditioning.total_weight() == 0)
    return fail(ErrorKind::Invalid,
                "prompt: the weights of its parts add up to 0, so that nothing is left of it where "
                "no negative prompt is asked");
  if (network_guides_itself) return {};
  cell.guidance_scale = scale;
  cell.guidance_rescale = rescale;
  if (end > 0) cell.guidance_end = end;
  return {};
}

/// What SDXL is told of the picture, as far as the network takes it.
void add_sizes(const nn::TextTimeConfig& config, const v1::Recipe& recipe, Denoising& cell) {
  const TextConditioning& text = cell.conditioning.positives.front().prompt.at(0);
  const auto count = (config.input_dim - text.pooled.size(1)) / config.time_embed_dim;
  const PictureSizes sizes = PictureSizes::of(recipe.height(), recipe.width());
  const auto ids = [&](double score) {
    const bool takes_score = count == kTimeIdsWithScore;
    return (takes_score ? time_ids_with_score(sizes, score) : time_ids(sizes))
        .to(text.states.options());
  };
  cell.positive_added.time_ids = ids(kBeautiful);
  cell.negative_added.time_ids = ids(kUgly);
}

at::Device device_of(const Conditioning& conditioning) {
  return conditioning.positives.front().prompt.at(0).states.device();
}

/// A cell with all but its draws and its latent.
Result<Denoising> new_cell(const RunModel& model, const v1::Recipe& recipe, at::IntArrayRef latent,
                           Conditioning conditioning) {
  const DenoiserTraits traits = model.denoiser.traits();
  FURROW_TRY(const auto settings,
             diffusion::settings_of(recipe.sampler(), recipe.schedule(), model.scheduler,
                                    recipe.sampler_options()));
  const int steps = static_cast<int>(std::min(recipe.steps(), kMostSteps));

  Denoising cell;
  FURROW_TRY(cell.sampler,
             diffusion::make_sampler(settings.config,
                                     schedule_request(traits, settings.config, steps, latent),
                                     settings.options));
  cell.conditioning = std::move(conditioning);
  FURROW_TRY_VOID(guide(cell, recipe, traits.is_told_guidance));
  if (traits.text_time) add_sizes(*traits.text_time, recipe, cell);
  return cell;
}

/// The shape of the recipe's latent where the network takes it.
Result<std::vector<std::int64_t>> shape_for(const RunModel& model, const v1::Recipe& recipe) {
  const DenoiserTraits traits = model.denoiser.traits();
  FURROW_TRY(auto shape, latent_shape(model.vae, recipe, traits.patch));
  const std::int64_t most = traits.most_cells;
  if (most == 0 || (shape[2] <= most && shape[3] <= most)) return shape;
  return fail(
      ErrorKind::Invalid,
      fmt::format("size {}x{}: this model makes pictures of at most {} pixels a side",
                  recipe.width(), recipe.height(), most * model.vae.config.spatial_factor()));
}

Result<void> check_size(std::string_view what, const at::Tensor& picture,
                        const v1::Recipe& recipe) {
  if (!picture.defined()) return fail(ErrorKind::Invalid, fmt::format("{}: it is missing", what));
  if (picture.size(3) == recipe.width() && picture.size(2) == recipe.height()) return {};
  return fail(ErrorKind::Invalid,
              fmt::format("{}: it is {}x{}, and the recipe's size is {}x{}", what, picture.size(3),
                          picture.size(2), recipe.width(), recipe.height()));
}

/// A picture that is resized in the latent goes into the VAE as it is.
Result<void> check_own_size(const at::Tensor& picture) {
  if (!picture.defined()) return fail(ErrorKind::Invalid, "picture: it is missing");
  const std::int64_t most = kMaxSide;
  if (picture.size(2) <= most && picture.size(3) <= most) return {};
  return fail(ErrorKind::Invalid,
              fmt::format("picture: it is {}x{}, and at most {} pixels a side are taken",
                          picture.size(3), picture.size(2), most));
}

Result<void> check_pictures(const v1::Recipe& recipe, SeenBeside network,
                            const Pictures& pictures) {
  if (!recipe.has_image_to_image()) return {};
  const v1::ImageToImage& from = recipe.image_to_image();
  if (from.has_inpaint()) FURROW_TRY_VOID(check_size("mask", pictures.mask, recipe));
  const bool is_plain = network == SeenBeside::Nothing && !from.has_inpaint();
  if (is_plain && pictures.latent.defined()) return {};
  if (from.resize_mode() != v1::RESIZE_MODE_LATENT)
    return check_size("picture", pictures.picture, recipe);
  if (is_plain) return check_own_size(pictures.picture);
  return fail(ErrorKind::Invalid,
              "resize mode: latent upscale goes with an ordinary model and no mask; choose another "
              "one, for example \"crop\"");
}

/// Starts a cell of a recipe without a picture.
Result<void> start_from_noise(Denoising& cell, const nn::AutoencoderKl& vae, SeenBeside network) {
  if (network == SeenBeside::Picture)
    return fail(ErrorKind::Invalid,
                "the model is InstructPix2Pix, which changes a picture and makes none from a "
                "prompt alone; give it a picture (image to image) or choose another model");
  begin_from_noise(cell);
  if (network == SeenBeside::MaskedPicture)
    cell.extra.channels = all_masked_channels(vae, cell.sampler->latent());
  return {};
}

/// Starts a cell of a recipe with a picture, no mask and an ordinary network.
Result<void> start_plain(Denoising& cell, const nn::AutoencoderKl& vae,
                         const v1::ImageToImage& recipe, const Pictures& pictures,
                         at::IntArrayRef shape) {
  const double strength = recipe.denoising_strength();
  if (pictures.latent.defined()) return begin_from_latent(cell, pictures.latent, strength);
  if (recipe.resize_mode() == v1::RESIZE_MODE_LATENT)
    return begin_from_latent(cell, encode_resized(vae, pictures.picture, shape[2], shape[3]),
                             strength);
  return begin_image_to_image(cell, vae, pictures.picture, strength);
}

/// Starts a cell of a recipe with a picture.
Result<void> start_from_pictures(Denoising& cell, const nn::AutoencoderKl& vae, SeenBeside network,
                                 const v1::ImageToImage& recipe, Pictures pictures,
                                 at::IntArrayRef shape) {
  const double strength = recipe.denoising_strength();
  switch (network) {
    case SeenBeside::Nothing:
      if (!recipe.has_inpaint()) return start_plain(cell, vae, recipe, pictures, shape);
      break;
    case SeenBeside::MaskedPicture:
      if (!recipe.has_inpaint()) pictures.mask = at::ones_like(pictures.picture.narrow(1, 0, 1));
      break;
    case SeenBeside::Picture:
      if (recipe.has_inpaint())
        return fail(ErrorKind::Invalid,
                    "mask: the model is InstructPix2Pix, which takes none; choose another model or "
                    "leave the mask out");
      const double guidance = recipe.image_guidance_scale();
      return begin_instructed(
          cell, vae, pictures.picture,
          {.strength = strength, .image_guidance = guidance == 0 ? kImageGuidance : guidance});
  }
  return begin_inpainting(cell, vae, network, pictures,
                          {.strength = strength, .content = recipe.inpaint().content()});
}

}  // namespace

Result<Denoising> begin(const RunModel& model, const v1::Recipe& recipe, Conditioning conditioning,
                        Pictures pictures) {
  FURROW_TRY(const auto shape, shape_for(model, recipe));
  FURROW_TRY(const SeenBeside network, seen_beside(model.denoiser.traits().in_channels, shape[1]));
  FURROW_TRY_VOID(check_pictures(recipe, network, pictures));
  const at::Device device = device_of(conditioning);
  FURROW_TRY(Denoising cell, new_cell(model, recipe, shape, std::move(conditioning)));
  FURROW_TRY(auto opened, diffusion::RunNoise::open(recipe.seed(), recipe.noise(), shape, device,
                                                    model.vae.config.spatial_factor()));
  const auto noise = std::make_shared<diffusion::RunNoise>(std::move(opened));
  cell.first_noise = [noise] { return noise->first(); };
  cell.draw = noise->draw();

  if (recipe.has_image_to_image()) {
    for (at::Tensor* given : {&pictures.picture, &pictures.mask, &pictures.latent})
      if (given->defined()) *given = given->to(device);
    FURROW_TRY_VOID(
        start_from_pictures(cell, model.vae, network, recipe.image_to_image(), pictures, shape));
  } else {
    FURROW_TRY_VOID(start_from_noise(cell, model.vae, network));
  }
  if (recipe.has_refiner()) FURROW_TRY_VOID(end_after(cell, recipe.refiner().switch_at()));
  return cell;
}

Result<Denoising> begin_refiner(const RunModel& refiner, const v1::Recipe& recipe,
                                Conditioning conditioning, Denoising base) {
  const at::Tensor latent = base.sampler->latent();
  const auto channels = refiner.denoiser.traits().in_channels;
  if (channels != latent.size(1))
    return fail(ErrorKind::Invalid,
                fmt::format("refiner: its network takes {} channels, and the latent that the model "
                            "leaves has {}; choose a refiner of the same kind of model",
                            channels, latent.size(1)));
  FURROW_TRY(Denoising cell, new_cell(refiner, recipe, latent.sizes(), std::move(conditioning)));
  cell.draw = std::move(base.draw);
  cell.known = std::move(base.known);
  cell.first_step = base.first_step;
  FURROW_TRY_VOID(begin_refining(cell, latent, recipe.refiner().switch_at()));
  return cell;
}

Result<Denoising> begin_hires(const RunModel& model, const v1::Recipe& recipe,
                              Conditioning conditioning, const at::Tensor& latent) {
  // A whole schedule would add noise that no strength takes back.
  constexpr double kMostStrength = 0.999;
  const std::uint32_t steps = std::min(recipe.steps(), kMostSteps);
  const double strength = std::min(recipe.image_to_image().denoising_strength(), kMostStrength);
  if (!(strength > 0))
    return fail(ErrorKind::Invalid,
                fmt::format("hires denoising strength {}: it lies above 0 and up to 1",
                            recipe.image_to_image().denoising_strength()));
  const double total = std::min(std::floor(steps / strength), double{kMostSteps});
  v1::Recipe longer = recipe;
  longer.set_steps(static_cast<std::uint32_t>(total));
  // Within the step, so that no rounding of the quotient takes one away.
  longer.mutable_image_to_image()->set_denoising_strength(std::min(1.0, (steps + 0.5) / total));
  Pictures pictures;
  pictures.latent = latent;
  return begin(model, longer, std::move(conditioning), pictures);
}

}  // namespace furrow::engine::pipelines
