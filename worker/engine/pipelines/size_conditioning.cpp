#include "worker/engine/pipelines/size_conditioning.h"

#include <ATen/ATen.h>

namespace furrow::engine::pipelines {

namespace {

at::Tensor row(const std::vector<double>& ids) {
  return at::tensor(ids, at::kFloat).unsqueeze(0);
}

}  // namespace

at::Tensor time_ids(const PictureSizes& sizes) {
  const auto& [original, crop, target] = sizes;
  return row({original.vertical, original.horizontal, crop.vertical, crop.horizontal,
              target.vertical, target.horizontal});
}

at::Tensor time_ids_with_score(const PictureSizes& sizes, double aesthetic_score) {
  const auto& [original, crop, target] = sizes;
  return row(
      {original.vertical, original.horizontal, crop.vertical, crop.horizontal, aesthetic_score});
}

}  // namespace furrow::engine::pipelines
