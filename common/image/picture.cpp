#include "common/image/picture.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/image/exif.h"
#include "common/image/jpeg.h"
#include "common/image/orientation.h"
#include "common/image/png_chunks.h"
#include "common/image/webp.h"
#include "common/image/webp_chunks.h"

namespace furrow::image {
namespace {

enum class Format { Png, Jpeg, Webp };

/// A file that is cut off within its first bytes counts as what it begins like.
Result<Format> format_of(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG")) return Format::Png;
  if (bytes.starts_with("\xFF\xD8\xFF")) return Format::Jpeg;
  if (is_webp(bytes)) return Format::Webp;
  if (bytes.empty()) return fail(ErrorKind::Invalid, "The file is empty; a picture was expected.");
  return fail(ErrorKind::Invalid,
              "This is no picture that furrow reads. Save it as PNG, JPEG or WebP.");
}

/// The Exif block, wherever the format keeps it.
Result<Exif> exif_of(std::string_view bytes, Format format) {
  switch (format) {
    case Format::Png: {
      FURROW_TRY(const std::vector<PngChunk> chunks, split_png(bytes));
      const auto chunk = std::find_if(chunks.begin(), chunks.end(),
                                      [](const PngChunk& c) { return c.type == "eXIf"; });
      return chunk == chunks.end() ? Exif() : read_exif(chunk->data);
    }
    case Format::Jpeg:
      return read_exif(find_jpeg_exif(bytes).value_or(""));
    case Format::Webp:
      return read_exif(find_webp_exif(bytes).value_or(""));
  }
  return Exif();
}

Result<Picture> decode_as(Format format, std::string_view bytes, const PictureLimits& limits) {
  switch (format) {
    case Format::Png:
      return decode_png_picture(bytes, limits);
    case Format::Jpeg: {
      FURROW_TRY(Image image, decode_jpeg(bytes, limits));
      return Picture{std::move(image), std::nullopt};
    }
    case Format::Webp:
      return decode_webp(bytes, limits);
  }
  return fail(ErrorKind::Internal, "This picture's format has no decoder.");
}

bool is_opaque(const GreyImage& alpha) {
  return std::all_of(alpha.grey.begin(), alpha.grey.end(), [](int value) { return value == 255; });
}

}  // namespace

Result<Picture> decode_layers(std::string_view bytes, const PictureLimits& limits) {
  if (bytes.size() > limits.bytes)
    return fail(ErrorKind::Invalid,
                fmt::format("The picture's file has {} MiB; at most {} are read.",
                            (bytes.size() >> 20) + 1, limits.bytes >> 20));
  FURROW_TRY(const Format format, format_of(bytes));
  FURROW_TRY(const Exif exif, exif_of(bytes, format));
  FURROW_TRY(Picture picture, decode_as(format, bytes, limits));
  try {
    return upright(std::move(picture), exif.orientation);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory, "There is not enough memory to turn the picture upright.");
  }
}

Result<Image> decode_picture(std::string_view bytes, const PictureLimits& limits) {
  FURROW_TRY(Picture picture, decode_layers(bytes, limits));
  return over_white(std::move(picture));
}

Result<GreyImage> decode_mask(std::string_view bytes, const PictureLimits& limits) {
  FURROW_TRY(Picture picture, decode_layers(bytes, limits));
  if (picture.alpha && !is_opaque(*picture.alpha)) return *std::move(picture.alpha);
  return to_grey(picture.image);
}

Result<std::vector<PngText>> read_picture_texts(std::string_view bytes) {
  constexpr std::string_view kParametersKey = "parameters";
  FURROW_TRY(const Format format, format_of(bytes));
  std::vector<PngText> texts;
  if (format == Format::Png) {
    FURROW_TRY(texts, read_png_texts(bytes));
  }
  if (std::any_of(texts.begin(), texts.end(),
                  [&](const PngText& text) { return text.key == kParametersKey; }))
    return texts;
  FURROW_TRY(const Exif exif, exif_of(bytes, format));
  if (exif.user_comment) texts.push_back({std::string(kParametersKey), *exif.user_comment, false});
  return texts;
}

}  // namespace furrow::image
