#include "worker/engine/pipelines/enlarge.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

namespace {

using Resample = at::Tensor (*)(const at::Tensor& latent, at::IntArrayRef size);

struct LatentWay {
  std::string_view name;
  Resample resample;
};

constexpr std::array<LatentWay, 6> kWays = {{
    {"latent",
     [](const at::Tensor& latent, at::IntArrayRef size) {
       return at::upsample_bilinear2d(latent, size, /*align_corners=*/false);
     }},
    {"latent (antialiased)",
     [](const at::Tensor& latent, at::IntArrayRef size) {
       return at::_upsample_bilinear2d_aa(latent, size, /*align_corners=*/false);
     }},
    {"latent (bicubic)",
     [](const at::Tensor& latent, at::IntArrayRef size) {
       return at::upsample_bicubic2d(latent, size, /*align_corners=*/false);
     }},
    {"latent (bicubic antialiased)",
     [](const at::Tensor& latent, at::IntArrayRef size) {
       return at::_upsample_bicubic2d_aa(latent, size, /*align_corners=*/false);
     }},
    {"latent (nearest)", [](const at::Tensor& latent,
                            at::IntArrayRef size) { return at::upsample_nearest2d(latent, size); }},
    {"latent (nearest-exact)",
     [](const at::Tensor& latent, at::IntArrayRef size) {
       return at::_upsample_nearest_exact2d(latent, size);
     }},
}};

const LatentWay* find_way(std::string_view name) {
  const auto* found = std::find_if(kWays.begin(), kWays.end(),
                                   [&](const LatentWay& way) { return way.name == name; });
  return found == kWays.end() ? nullptr : found;
}

}  // namespace

bool enlarges_latent(std::string_view way) {
  return find_way(way) != nullptr;
}

Result<at::Tensor> enlarged_latent(const at::Tensor& latent, std::string_view way,
                                   std::int64_t rows, std::int64_t columns) {
  const LatentWay* found = find_way(way);
  if (found == nullptr)
    return fail(ErrorKind::Invalid, fmt::format("\"{}\" is no way to enlarge a latent", way));
  return found->resample(latent, {rows, columns});
}

}  // namespace furrow::engine::pipelines
