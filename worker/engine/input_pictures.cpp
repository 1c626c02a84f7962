#include "worker/engine/input_pictures.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/files.h"
#include "common/image/fit.h"
#include "common/image/mask.h"
#include "common/image/masked_content.h"
#include "common/image/picture.h"
#include "worker/engine/pipelines/picture_tensors.h"
#include "worker/engine/render_queue.h"

namespace furrow::engine {

namespace {

Result<std::string> read_input(const v1::PictureRef& picture, const v1::RenderCell& cell) {
  const std::string path = path_of(picture.hash(), cell);
  if (path.empty())
    return fail(ErrorKind::NotFound,
                fmt::format("{}: the picture did not come with the cell", picture.name()));
  return read_file(path);
}

/// Decodes with one of image::decode_…; the fault then names the picture.
template <typename Decode>
auto decoded(const v1::PictureRef& picture, const v1::RenderCell& cell, Decode decode)
    -> decltype(decode(std::string_view())) {
  FURROW_TRY(const std::string bytes, read_input(picture, cell));
  auto read = decode(std::string_view(bytes));
  if (!read)
    return fail(read.error().kind, fmt::format("{}: {}", picture.name(), read.error().message));
  return read;
}

int width_of(const v1::Recipe& recipe) {
  return static_cast<int>(recipe.width());
}

int height_of(const v1::Recipe& recipe) {
  return static_cast<int>(recipe.height());
}

image::GreyImage prepared_mask(image::GreyImage mask, const v1::Inpaint& inpaint) {
  if (inpaint.inverted()) mask = image::inverted(std::move(mask));
  return image::blurred(mask, inpaint.blur(), inpaint.blur());
}

}  // namespace

Result<InputPictures> InputPictures::of(const v1::RenderCell& cell) {
  const v1::Recipe& recipe = cell.recipe();
  if (!recipe.has_image_to_image()) return InputPictures();
  const v1::ImageToImage& begin = recipe.image_to_image();
  FURROW_TRY(image::Image picture, decoded(begin.picture(), cell, [](std::string_view bytes) {
               return image::decode_picture(bytes);
             }));
  if (begin.has_inpaint()) return of_inpainting(cell, std::move(picture));
  InputPictures inputs;
  const bool is_resized_later = begin.resize_mode() == v1::RESIZE_MODE_LATENT;
  inputs.picture_ = is_resized_later ? std::move(picture)
                                     : image::fit(picture, width_of(recipe), height_of(recipe),
                                                  begin.resize_mode());
  return inputs;
}

Result<InputPictures> InputPictures::of_inpainting(const v1::RenderCell& cell,
                                                   image::Image picture) {
  const v1::Recipe& recipe = cell.recipe();
  const v1::ImageToImage& begin = recipe.image_to_image();
  const v1::Inpaint& inpaint = begin.inpaint();
  FURROW_TRY(image::GreyImage mask, decoded(inpaint.mask(), cell, [](std::string_view bytes) {
               return image::decode_mask(bytes);
             }));
  if (mask.width != picture.width || mask.height != picture.height)
    return fail(ErrorKind::Invalid,
                fmt::format("{}: the mask is {}x{} and the picture {} is {}x{}; give a mask of the "
                            "picture's size",
                            inpaint.mask().name(), mask.width, mask.height, begin.picture().name(),
                            picture.width, picture.height));
  mask = prepared_mask(std::move(mask), inpaint);
  const int width = width_of(recipe);
  const int height = height_of(recipe);

  InputPictures inputs;
  const auto region =
      inpaint.only_masked()
          ? image::only_masked_region(mask, static_cast<int>(inpaint.padding()), width, height)
          : std::nullopt;
  if (region) {
    inputs.picture_ =
        image::fit(image::crop(picture, *region), width, height, v1::RESIZE_MODE_CROP);
    inputs.mask_ = image::fit(image::crop(mask, *region), width, height, v1::RESIZE_MODE_CROP);
    inputs.kept_ = Kept{std::move(picture), std::move(mask), region};
  } else {
    inputs.picture_ = image::fit(picture, width, height, begin.resize_mode());
    inputs.mask_ = image::fit(mask, width, height, begin.resize_mode());
    inputs.kept_ = Kept{*inputs.picture_, image::overlay_mask(*inputs.mask_), std::nullopt};
  }
  if (inpaint.content() == v1::MASKED_CONTENT_FILL)
    inputs.picture_ = image::filled_from_around(*inputs.picture_, *inputs.mask_);
  return inputs;
}

pipelines::Pictures InputPictures::tensors() const {
  pipelines::Pictures pictures;
  if (picture_) pictures.picture = pipelines::to_tensor(*picture_);
  if (mask_) pictures.mask = pipelines::to_tensor(*mask_);
  return pictures;
}

image::Image InputPictures::finished(image::Image rendered) const {
  if (!kept_) return rendered;
  if (kept_->region)
    return image::pasted_back(kept_->picture, rendered, *kept_->region, kept_->overlay);
  return image::composite(kept_->picture, rendered, kept_->overlay);
}

}  // namespace furrow::engine
