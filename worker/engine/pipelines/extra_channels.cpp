#include "worker/engine/pipelines/extra_channels.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/pipelines/image_to_image.h"

namespace furrow::engine::pipelines {

namespace {

constexpr double kGrey = 0.5;

/// [1, 1, H, W] float32 of 0 and 1.
at::Tensor whole(const at::Tensor& mask) {
  return (mask >= 0.5).to(at::kFloat);
}

}  // namespace

Result<SeenBeside> seen_beside(std::int64_t in_channels, std::int64_t latent_channels) {
  if (in_channels == latent_channels) return SeenBeside::Nothing;
  if (in_channels == 2 * latent_channels + 1) return SeenBeside::MaskedPicture;
  if (in_channels == 2 * latent_channels) return SeenBeside::Picture;
  return fail(ErrorKind::Invalid,
              fmt::format("the model's UNet takes {} channels and its latents have {}: it is "
                          "neither an ordinary network ({}), nor one for inpainting ({}), nor "
                          "InstructPix2Pix ({}); choose another model",
                          in_channels, latent_channels, latent_channels, 2 * latent_channels + 1,
                          2 * latent_channels));
}

at::Tensor latent_mask(const at::Tensor& mask, const at::Tensor& like) {
  const std::int64_t size[] = {like.size(2), like.size(3)};
  return at::upsample_nearest2d(whole(mask), at::IntArrayRef(size));
}

at::Tensor masked_picture_channels(const nn::AutoencoderKl& vae, const Pictures& pictures,
                                   const at::Tensor& noise) {
  const at::Tensor masked = at::where(whole(pictures.mask) > 0, kGrey, pictures.picture);
  const at::Tensor latent = encode_picture(vae, masked, noise);
  return at::cat({latent_mask(pictures.mask, latent), latent}, 1);
}

at::Tensor all_masked_channels(const nn::AutoencoderKl& vae, const at::Tensor& latent) {
  const std::int64_t factor = vae.config.spatial_factor();
  const at::Tensor grey =
      at::full({1, vae.config.in_channels, latent.size(2) * factor, latent.size(3) * factor}, kGrey,
               latent.options());
  const at::Tensor mask = at::ones({1, 1, grey.size(2), grey.size(3)}, latent.options());
  // The mode of the posterior: nothing is drawn, so the picture's own noise stays that of its seed.
  return masked_picture_channels(vae, {grey, mask}, at::zeros_like(latent));
}

at::Tensor picture_channels(const nn::AutoencoderKl& vae, const at::Tensor& picture) {
  return vae.encode(picture * 2 - 1).to(at::kFloat).chunk(2, 1)[0];
}

}  // namespace furrow::engine::pipelines
