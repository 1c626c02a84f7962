#include "worker/engine/enlarging.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/image/resize.h"
#include "worker/engine/pipelines/decode.h"
#include "worker/engine/pipelines/enlarge.h"
#include "worker/engine/pipelines/image_to_image.h"
#include "worker/engine/pipelines/picture_tensors.h"

namespace furrow::engine {

namespace {

/// How often an upscaler of a fixed factor is applied to reach a size, as in A1111.
constexpr int kMostPasses = 3;

Result<image::Filter> filter_of(const v1::HiresFix& hires) {
  if (hires.has_upscaler_model() || hires.upscaler() == "lanczos") return image::Filter::Lanczos;
  if (hires.upscaler() == "nearest") return image::Filter::Nearest;
  return fail(ErrorKind::Invalid,
              fmt::format("hires upscaler \"{}\" is not known to this engine", hires.upscaler()));
}

/// [1, 3, H, W] in [0, 1], at least as large as hires asks where the passes allow it.
at::Tensor upscaled(at::Tensor picture, const v1::HiresFix& hires, const nn::Upscaler& upscaler) {
  const auto is_small = [&] {
    return picture.size(3) < hires.width() || picture.size(2) < hires.height();
  };
  for (int pass = 0; pass < kMostPasses && is_small(); ++pass)
    picture = upscaler.forward_tiled(picture, {}).to(at::kFloat).clamp(0, 1);
  return picture;
}

}  // namespace

Result<at::Tensor> enlarged_for_hires(const at::Tensor& latent, const v1::HiresFix& hires,
                                      const nn::AutoencoderKl& vae, const nn::Upscaler* upscaler) {
  const std::int64_t factor = vae.config.spatial_factor();
  if (upscaler == nullptr && pipelines::enlarges_latent(hires.upscaler()))
    return pipelines::enlarged_latent(latent, hires.upscaler(), hires.height() / factor,
                                      hires.width() / factor);
  FURROW_TRY(const image::Filter filter, filter_of(hires));
  at::Tensor picture = pipelines::decode_latents(vae, latent);
  if (upscaler != nullptr) picture = upscaled(picture, hires, *upscaler);
  const image::Image larger =
      image::resize(pipelines::to_images(picture).front(), static_cast<int>(hires.width()),
                    static_cast<int>(hires.height()), filter);
  // The middle of the VAE's posterior: hires fix adds noise of its own.
  const at::Tensor none = at::zeros({1}, latent.options());
  return pipelines::encode_picture(vae, pipelines::to_tensor(larger).to(latent.device()), none);
}

}  // namespace furrow::engine
