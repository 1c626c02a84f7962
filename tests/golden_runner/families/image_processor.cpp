// image_processor: pictures and masks on their way into a run, and pictures out of it.

#include <map>
#include <string>

#include <ATen/ATen.h>

#include "common/base/files.h"
#include "common/image/mask.h"
#include "common/image/picture.h"
#include "common/image/resize.h"
#include "tests/golden_runner/families.h"
#include "worker/engine/pipelines/decode.h"
#include "worker/engine/pipelines/picture_tensors.h"

namespace furrow::golden {

namespace {

using engine::pipelines::to_tensor;

/// [H, W, 3] or [H, W] of bytes.
image::Image image_of(const at::Tensor& tensor) {
  const at::Tensor pixels =
      (tensor.dim() == 2 ? tensor.unsqueeze(2).expand({-1, -1, 3}) : tensor).contiguous();
  const auto* first = pixels.data_ptr<std::uint8_t>();
  return {static_cast<int>(pixels.size(1)),
          static_cast<int>(pixels.size(0)),
          {first, first + pixels.numel()}};
}

at::Tensor bytes_of(const image::Image& picture) {
  return (to_tensor(picture) * 255).round().to(at::kByte).squeeze(0).permute({1, 2, 0});
}

image::Filter filter_of(const nlohmann::json& config) {
  const std::map<std::string, image::Filter> filters = {{"nearest", image::Filter::Nearest},
                                                        {"box", image::Filter::Box},
                                                        {"bilinear", image::Filter::Bilinear},
                                                        {"bicubic", image::Filter::Bicubic},
                                                        {"lanczos", image::Filter::Lanczos}};
  return filters.at(config.value("resample", "lanczos"));
}

/// To the size of the case or, without one, down to whole latent cells.
image::Image resized(const Case& c, const image::Image& picture) {
  const int cell = c.config.value("vae_scale_factor", 8);
  const auto side = [&](const char* name, int own) {
    const int asked = c.config.value(name, own);
    return asked - asked % cell;
  };
  return image::resize(picture, side("width", picture.width), side("height", picture.height),
                       filter_of(c.config));
}

void check_picture(const Case& c, Verdict& verdict) {
  const image::Image picture = image_of(c.tensor("in.image_uint8"));
  for (const auto& file : c.description.value("files", nlohmann::json::array())) {
    const auto bytes = read_file(c.folder / file.get<std::string>());
    verdict.expect(bytes && image::decode_picture(*bytes).value() == picture,
                   file.get<std::string>() + " does not hold the picture");
  }
  const image::Image fitted = resized(c, picture);
  // The reference's filter is the same to the last bit; the case would allow one level.
  if (c.has("out.resized_uint8"))
    verdict.compare("out.resized_uint8", bytes_of(fitted), c.tensor("out.resized_uint8"), {});
  const bool is_normalised = c.config.value("do_normalize", true);
  const at::Tensor tensor = to_tensor(fitted);
  verdict.compare(c, "out.tensor", is_normalised ? tensor * 2 - 1 : tensor);
}

void check_mask(const Case& c, const std::string& in, const std::string& out, Verdict& verdict) {
  const image::Image picture = resized(c, image_of(c.tensor(in)));
  verdict.compare(c, out, to_tensor(image::binarised(image::to_grey(picture))));
}

void check_decoded(const Case& c, Verdict& verdict) {
  const at::Tensor picture = engine::pipelines::to_unit_range(c.tensor("in.decoded"));
  if (c.has("out.image")) verdict.compare(c, "out.image", picture);
  if (c.has("out.image_uint8"))
    verdict.compare(
        "out.image_uint8", engine::pipelines::to_bytes(picture), c.tensor("out.image_uint8"),
        {.atol = c.description.at("tolerance").value("image_uint8_max_difference", 0.0)});
}

}  // namespace

Verdict check_image_processor(const Case& c) {
  Verdict verdict;
  if (c.has("in.image_uint8")) check_picture(c, verdict);
  if (c.has("in.mask_uint8")) check_mask(c, "in.mask_uint8", "out.mask", verdict);
  if (c.has("in.mask_rgb_uint8")) check_mask(c, "in.mask_rgb_uint8", "out.mask_rgb", verdict);
  if (c.has("in.decoded")) check_decoded(c, verdict);
  return verdict;
}

}  // namespace furrow::golden
