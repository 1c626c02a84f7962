#include "worker/engine/pipelines/decode.h"

#include <ATen/ATen.h>

namespace furrow::engine::pipelines {

at::Tensor decode_latents(const nn::AutoencoderKl& vae, const at::Tensor& latents) {
  const at::Tensor unscaled = latents / vae.config.scaling_factor + vae.config.shift_factor;
  return (vae.decode(unscaled).to(at::kFloat) / 2 + 0.5).clamp(0, 1);
}

at::Tensor to_bytes(const at::Tensor& pictures) {
  return (pictures * 255).round().to(at::kByte).permute({0, 2, 3, 1}).contiguous().to(at::kCPU);
}

std::vector<image::Image> to_images(const at::Tensor& pictures) {
  const at::Tensor bytes = to_bytes(pictures);
  std::vector<image::Image> images;
  for (const at::Tensor& picture : bytes.unbind()) {
    const auto* first = picture.data_ptr<std::uint8_t>();
    images.push_back({static_cast<int>(picture.size(1)),
                      static_cast<int>(picture.size(0)),
                      {first, first + picture.numel()}});
  }
  return images;
}

}  // namespace furrow::engine::pipelines
