#include "worker/engine/pipelines/text_to_image.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

Result<std::vector<std::int64_t>> latent_shape(const nn::AutoencoderKl& vae,
                                               const v1::Recipe& recipe, std::int64_t patch) {
  const std::int64_t factor = vae.config.spatial_factor();
  const std::int64_t unit = factor * patch;
  const auto is_usable = [&](std::int64_t side) {
    return side > 0 && side <= kMaxSide && side % unit == 0;
  };
  const std::int64_t width = recipe.width();
  const std::int64_t height = recipe.height();
  if (!is_usable(width) || !is_usable(height))
    return fail(
        ErrorKind::Invalid,
        fmt::format("size {}x{}: this model makes pictures whose sides are multiples of {}, "
                    "from {} to {}",
                    width, height, unit, unit, kMaxSide / unit * unit));
  return std::vector<std::int64_t>{1, vae.config.latent_channels, height / factor, width / factor};
}

at::Tensor init_latent(diffusion::NoiseSource& noise, at::IntArrayRef shape) {
  return noise.normal(shape);
}

void begin_from_noise(Denoising& cell) {
  cell.sampler->start(cell.draw_first() * cell.sampler->initial_scale());
}

}  // namespace furrow::engine::pipelines
