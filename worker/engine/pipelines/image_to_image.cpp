#include "worker/engine/pipelines/image_to_image.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

namespace {

constexpr double kLeastLogVariance = -30;
constexpr double kMostLogVariance = 20;

}  // namespace

at::Tensor encode_picture(const nn::AutoencoderKl& vae, const at::Tensor& picture,
                          const at::Tensor& noise) {
  const auto halves = vae.encode(picture * 2 - 1).to(at::kFloat).chunk(2, 1);
  const at::Tensor deviation = (halves[1].clamp(kLeastLogVariance, kMostLogVariance) / 2).exp();
  return (halves[0] + deviation * noise - vae.config.shift_factor) * vae.config.scaling_factor;
}

at::Tensor encode_resized(const nn::AutoencoderKl& vae, const at::Tensor& picture,
                          std::int64_t height, std::int64_t width) {
  const at::Tensor mean = vae.encode(picture * 2 - 1).to(at::kFloat).chunk(2, 1)[0];
  const std::int64_t size[] = {height, width};
  return at::upsample_bilinear2d((mean - vae.config.shift_factor) * vae.config.scaling_factor,
                                 at::IntArrayRef(size), /*align_corners=*/false);
}

Result<int> first_step_of(const diffusion::Sampler& sampler, double strength) {
  if (!(strength >= 0 && strength <= 1))
    return fail(ErrorKind::Invalid,
                fmt::format("denoising strength {}: it lies between 0 and 1", strength));
  // Flow matching rounds the other way: the first step is cut off, not the number of steps.
  const int steps = sampler.step_count();
  const double kept = std::min(steps * strength, double{1} * steps);
  const int first = sampler.plan().config.is_flow ? static_cast<int>(steps - kept)
                                                  : steps - static_cast<int>(kept);
  if (first >= steps)
    return fail(ErrorKind::Invalid,
                fmt::format("denoising strength {}: of {} steps it leaves none to do; take more "
                            "steps or a larger strength",
                            strength, steps));
  return first;
}

Result<void> begin_from_latent(Denoising& cell, const at::Tensor& latent, double strength) {
  FURROW_TRY(const int step, first_step_of(*cell.sampler, strength));
  cell.first_step = step;
  cell.first_call = cell.sampler->first_call_of(step);
  const at::Tensor noise = cell.draw_first();
  cell.sampler->start(cell.sampler->noised(latent, noise, cell.first_call), cell.first_call);
  return {};
}

Result<void> begin_image_to_image(Denoising& cell, const nn::AutoencoderKl& vae,
                                  const at::Tensor& picture, double strength) {
  FURROW_TRY_VOID(first_step_of(*cell.sampler, strength));
  return begin_from_latent(cell, encode_picture(vae, picture, cell.draw()), strength);
}

}  // namespace furrow::engine::pipelines
