#include "worker/engine/pipelines/instruct_pix2pix.h"

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/pipelines/extra_channels.h"
#include "worker/engine/pipelines/image_to_image.h"
#include "worker/engine/pipelines/text_to_image.h"

namespace furrow::engine::pipelines {

Result<void> begin_instructed(Denoising& cell, const nn::AutoencoderKl& vae,
                              const at::Tensor& picture, const InstructOptions& options) {
  if (!std::isfinite(options.image_guidance))
    return fail(ErrorKind::Invalid, "image guidance scale: a finite number is expected");
  cell.extra.channels = picture_channels(vae, picture);
  cell.extra.guidance_scale = options.image_guidance;
  if (options.strength != 1) return begin_image_to_image(cell, vae, picture, options.strength);
  begin_from_noise(cell);
  return {};
}

}  // namespace furrow::engine::pipelines
