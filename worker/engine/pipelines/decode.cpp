#include "worker/engine/pipelines/decode.h"

#include <ATen/ATen.h>

#include "worker/engine/pipelines/picture_tensors.h"

namespace furrow::engine::pipelines {

at::Tensor decode_latents(const nn::AutoencoderKl& vae, const at::Tensor& latents) {
  const at::Tensor unscaled = latents / vae.config.scaling_factor + vae.config.shift_factor;
  return to_unit_range(vae.decode(unscaled).to(at::kFloat));
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
