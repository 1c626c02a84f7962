#include "worker/engine/pipelines/text_to_image.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

Result<std::vector<std::int64_t>> latent_shape(const nn::AutoencoderKl& vae,
                                               const v1::Recipe& recipe) {
  const std::int64_t factor = vae.config.spatial_factor();
  const auto is_usable = [&](std::int64_t side) {
    return side > 0 && side <= kMaxSide && side % factor == 0;
  };
  const std::int64_t width = recipe.width();
  const std::int64_t height = recipe.height();
  if (!is_usable(width) || !is_usable(height))
    return fail(
        ErrorKind::Invalid,
        fmt::format("size {}x{}: this model makes pictures whose sides are multiples of {}, "
                    "from {} to {}",
                    width, height, factor, factor, kMaxSide / factor * factor));
  return std::vector<std::int64_t>{1, vae.config.latent_channels, height / factor, width / factor};
}

at::Tensor init_latent(diffusion::NoiseSource& noise, at::IntArrayRef shape) {
  return noise.normal(shape);
}

namespace {

/// SDXL's time_ids, [1, n]: the picture as it was before it was cropped for training, here as it
/// is; where it was cropped, here nowhere; and its size, or for the refiner how beautiful it is.
at::Tensor time_ids(const StableDiffusion& model, const v1::Recipe& recipe, double beauty) {
  const double width = recipe.width();
  const double height = recipe.height();
  std::vector<double> ids = {height, width, 0, 0};
  if (model.requires_aesthetics_score) {
    ids.push_back(beauty);
  } else {
    ids.insert(ids.end(), {height, width});
  }
  return at::tensor(ids, model.unet->conv_in.weight.get().options());
}

void add_sizes(const StableDiffusion& model, const v1::Recipe& recipe, Denoising& cell) {
  // What the refiner's authors found good scores for what is wanted and what is not.
  constexpr double kBeautiful = 6.0;
  constexpr double kUgly = 2.5;
  cell.positive_added.time_ids = time_ids(model, recipe, kBeautiful).unsqueeze(0);
  cell.negative_added.time_ids = time_ids(model, recipe, kUgly).unsqueeze(0);
}

}  // namespace

Result<Denoising> begin_text_to_image(const StableDiffusion& model,
                                      const diffusion::SchedulerConfig& scheduler,
                                      const v1::Recipe& recipe, Conditioning conditioning) {
  if (!std::isfinite(recipe.guidance_scale()))
    return fail(ErrorKind::Invalid, "guidance scale: a finite number is expected");
  FURROW_TRY(const auto shape, latent_shape(*model.vae, recipe));
  FURROW_TRY(const auto config,
             diffusion::config_of(recipe.sampler(), recipe.schedule(), scheduler));
  diffusion::ScheduleRequest request;
  request.steps = static_cast<int>(std::min(recipe.steps(), 1U << 20));

  Denoising cell;
  FURROW_TRY(cell.sampler, diffusion::make_sampler(config, request));
  const auto noise = std::make_shared<diffusion::NoiseSource>(recipe.seed());
  const at::Device device = conditioning.positives.front().prompt.at(0).states.device();
  cell.draw = [noise, shape, device] { return noise->normal(shape).to(device); };
  cell.sampler->start((init_latent(*noise, shape) * cell.sampler->initial_scale()).to(device));
  if (model.is_xl()) add_sizes(model, recipe, cell);
  cell.conditioning = std::move(conditioning);
  cell.guidance_scale = recipe.guidance_scale();
  return cell;
}

}  // namespace furrow::engine::pipelines
