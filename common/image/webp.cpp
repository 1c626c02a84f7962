#include "common/image/webp.h"

#include <cstdint>
#include <new>
#include <vector>

#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "common/base/check.h"
#include "common/image/webp_chunks.h"

namespace furrow::image {
namespace {

const std::uint8_t* data_of(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

Unexpected out_of_memory() {
  return fail(ErrorKind::OutOfMemory, "There is not enough memory to decode the WebP's pixels.");
}

Result<void> check_status(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OK:
      return {};
    case VP8_STATUS_OUT_OF_MEMORY:
      return out_of_memory();
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return fail(ErrorKind::Invalid, "The WebP is cut off: its pixels end too early.");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return fail(ErrorKind::Invalid,
                  "The WebP uses a feature that is not supported. Save it as PNG.");
    case VP8_STATUS_INVALID_PARAM:
    case VP8_STATUS_BITSTREAM_ERROR:
    case VP8_STATUS_USER_ABORT:
      break;
  }
  return fail(ErrorKind::Invalid, "The WebP is corrupt: it cannot be decoded.");
}

/// Decodes into [height, width, channels] of our own.
Result<std::vector<std::uint8_t>> decode_pixels(std::string_view bytes, int width, int height,
                                                WEBP_CSP_MODE mode) {
  const std::size_t row_bytes = static_cast<std::size_t>(width) * (mode == MODE_RGBA ? 4U : 3U);
  std::vector<std::uint8_t> pixels(row_bytes * static_cast<std::size_t>(height));
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0)
    return fail(ErrorKind::Internal, "The installed libwebp is not the one furrow was built with.");
  config.output.colorspace = mode;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {pixels.data(), static_cast<int>(row_bytes), pixels.size()};
  FURROW_TRY_VOID(check_status(WebPDecode(data_of(bytes), bytes.size(), &config)));
  return pixels;
}

/// Frees what libwebp gathered with its owner.
struct Writer {
  WebPMemoryWriter memory{};
  WebPPicture picture{};

  Writer() {
    WebPMemoryWriterInit(&memory);
    FURROW_CHECK(WebPPictureInit(&picture) != 0, "libwebp is the one furrow was built with");
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &memory;
  }

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  ~Writer() {
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&memory);
  }
};

WebPConfig config_of(const WebpOptions& options) {
  WebPConfig config;
  FURROW_CHECK(WebPConfigInit(&config) != 0, "libwebp is the one furrow was built with");
  config.quality = static_cast<float>(options.quality);
  config.lossless = options.is_lossless ? 1 : 0;
  return config;
}

}  // namespace

Result<Picture> decode_webp(std::string_view bytes, const PictureLimits& limits) {
  WebPBitstreamFeatures features;
  FURROW_TRY_VOID(check_status(WebPGetFeatures(data_of(bytes), bytes.size(), &features)));
  if (features.has_animation != 0)
    return fail(ErrorKind::Invalid,
                "The WebP is an animation; only still pictures are read. Save one of its frames.");
  FURROW_TRY_VOID(check_size("WebP", features.width, features.height, limits));
  try {
    if (features.has_alpha == 0) {
      FURROW_TRY(auto rgb, decode_pixels(bytes, features.width, features.height, MODE_RGB));
      return Picture{{features.width, features.height, std::move(rgb)}, std::nullopt};
    }
    FURROW_TRY(const auto rgba, decode_pixels(bytes, features.width, features.height, MODE_RGBA));
    return Picture::of_rgba(features.width, features.height, rgba);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

std::optional<std::string_view> find_webp_exif(std::string_view bytes) {
  return find_webp_chunk(bytes, "EXIF");
}

Result<std::string> encode_webp(const Image& image, const WebpOptions& options,
                                std::string_view exif) {
  FURROW_CHECK(image.width > 0 && image.height > 0, "a picture to encode has at least one pixel");
  FURROW_CHECK(options.quality >= 0 && options.quality <= 100, "the quality of a WebP is 0 to 100");
  if (image.width > WEBP_MAX_DIMENSION || image.height > WEBP_MAX_DIMENSION)
    return fail(ErrorKind::Invalid,
                fmt::format("A WebP's sides have at most {} pixels; this picture is {}x{}. Write "
                            "it as PNG.",
                            WEBP_MAX_DIMENSION, image.width, image.height));
  const WebPConfig config = config_of(options);
  Writer writer;
  writer.picture.use_argb = config.lossless;
  writer.picture.width = image.width;
  writer.picture.height = image.height;
  if (WebPPictureImportRGB(&writer.picture, image.rgb.data(), image.width * 3) == 0 ||
      WebPEncode(&config, &writer.picture) == 0)
    return fail(ErrorKind::OutOfMemory, "There is not enough memory to write the WebP.");
  const std::string_view plain(reinterpret_cast<const char*>(writer.memory.mem),
                               writer.memory.size);
  if (exif.empty()) return std::string(plain);
  return with_exif(plain, image.width, image.height, exif);
}

}  // namespace furrow::image
