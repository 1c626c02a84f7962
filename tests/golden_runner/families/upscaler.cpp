// Upscalers: a picture, whole or in tiles; from every file of weights that the model's folder has.

#include <filesystem>
#include <vector>

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/pipelines/decode.h"

namespace furrow::golden {

namespace {

void check_one(const Case& c, const std::filesystem::path& weights, Verdict& verdict) {
  const auto upscaler = engine::load_upscaler(weights, at::kFloat, at::kCPU);
  if (!upscaler) {
    verdict.expect(false, upscaler.error().message);
    return;
  }
  const auto image = c.tensor("in.image");
  const auto enlarged = c.config.contains("tile")
                            ? (*upscaler)->forward_tiled(
                                  image, {.size = c.config.at("tile").get<std::int64_t>(),
                                          .padding = c.config.value("tile_pad", std::int64_t{10})})
                            : (*upscaler)->forward(image);
  verdict.compare(c, "out.image", enlarged);
  if (!c.has("out.image_clamped_uint8")) return;
  verdict.compare("out.image_clamped_uint8", engine::pipelines::to_bytes(enlarged.clamp(0, 1)),
                  c.tensor("out.image_clamped_uint8"), {.atol = 1, .rtol = 0});
}

}  // namespace

Verdict check_upscaler(const Case& c) {
  Verdict verdict;
  const auto folder = c.model("upscaler");
  check_one(c, folder, verdict);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".pth") check_one(c, entry.path(), verdict);
  }
  return verdict;
}

}  // namespace furrow::golden
