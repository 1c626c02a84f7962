#include "worker/engine/pipelines/picture_tensors.h"

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::pipelines {

namespace {

at::Tensor tensor_of(const std::vector<std::uint8_t>& bytes, int height, int width,
                     std::int64_t channels) {
  const at::Tensor pixels = at::from_blob(const_cast<std::uint8_t*>(bytes.data()),
                                          {1, height, width, channels}, at::kByte);
  return pixels.permute({0, 3, 1, 2}).to(at::kFloat).div(255).contiguous();
}

}  // namespace

at::Tensor to_tensor(const image::Image& picture) {
  return tensor_of(picture.rgb, picture.height, picture.width, 3);
}

at::Tensor to_tensor(const image::GreyImage& grey) {
  return tensor_of(grey.grey, grey.height, grey.width, 1);
}

}  // namespace furrow::engine::pipelines
