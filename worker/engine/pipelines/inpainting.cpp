#include "worker/engine/pipelines/inpainting.h"

#include <ATen/ATen.h>

#include "worker/engine/pipelines/image_to_image.h"

namespace furrow::engine::pipelines {

namespace {

/// The latent with that under the mask which the run begins with.
at::Tensor with_content(const at::Tensor& latent, const at::Tensor& repaint,
                        const at::Tensor& noise, v1::MaskedContent content) {
  if (content == v1::MASKED_CONTENT_NOISE) return latent * (1 - repaint) + noise * repaint;
  if (content == v1::MASKED_CONTENT_NOTHING) return latent * (1 - repaint);
  return latent;
}

}  // namespace

Result<void> begin_inpainting(Denoising& cell, const nn::AutoencoderKl& vae, SeenBeside network,
                              const Pictures& pictures, const InpaintOptions& options) {
  FURROW_TRY(const int step, first_step_of(*cell.sampler, options.strength));
  cell.first_step = step;
  cell.first_call = cell.sampler->first_call_of(step);
  const bool sees_picture = network == SeenBeside::MaskedPicture;
  const bool is_all_noise = options.strength == 1;

  at::Tensor latent;
  if (!is_all_noise || !sees_picture) latent = encode_picture(vae, pictures.picture, cell.draw());
  const at::Tensor noise = cell.draw_first();
  const at::Tensor repaint = latent_mask(pictures.mask, noise);
  // Drawn for networks that see no masked picture too: what samplers draw later comes after it.
  const at::Tensor of_masked = cell.draw();

  if (sees_picture) {
    cell.extra.channels = masked_picture_channels(vae, pictures, of_masked);
  } else {
    cell.known = KnownRegion{latent, noise, repaint};
  }
  if (is_all_noise) {
    cell.sampler->start(noise * cell.sampler->initial_scale());
  } else {
    const at::Tensor from = with_content(latent, repaint, noise, options.content);
    cell.sampler->start(cell.sampler->noised(from, noise, cell.first_call), cell.first_call);
  }
  return {};
}

}  // namespace furrow::engine::pipelines
