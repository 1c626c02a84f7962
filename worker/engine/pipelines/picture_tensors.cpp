#include "worker/engine/pipelines/picture_tensors.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::pipelines {

namespace {

/// [height, width, channels] of bytes to [1, channels, height, width].
at::Tensor from_bytes(const std::vector<std::uint8_t>& bytes, int height, int width, int channels) {
  const at::Tensor pixels = at::empty({1, height, width, channels}, at::kByte);
  std::copy(bytes.begin(), bytes.end(), pixels.data_ptr<std::uint8_t>());
  return pixels.permute({0, 3, 1, 2}).to(at::kFloat).contiguous() / 255;
}

}  // namespace

at::Tensor to_tensor(const image::Image& picture) {
  return from_bytes(picture.rgb, picture.height, picture.width, 3);
}

at::Tensor to_tensor(const image::GreyImage& mask) {
  return from_bytes(mask.grey, mask.height, mask.width, 1);
}

at::Tensor to_unit_range(const at::Tensor& decoded) {
  return (decoded / 2 + 0.5).clamp(0, 1);
}

}  // namespace furrow::engine::pipelines
