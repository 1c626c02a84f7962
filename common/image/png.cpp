#include "common/image/png.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <png.h>

#include "common/base/check.h"
#include "common/image/png_chunks.h"

namespace furrow::image {
namespace {

/// A libpng coder of either direction, destroyed with its owner, and what went wrong in it.
class Coder {
 public:
  enum class Direction { Read, Write };

  explicit Coder(Direction direction) : direction_(direction) {
    png_ = direction == Direction::Read
               ? png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)
               : png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      destroy();
      throw std::bad_alloc();
    }
  }

  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;

  ~Coder() { destroy(); }

  png_structp png() { return png_; }

  png_infop info() { return info_; }

  const char* error() const { return error_.data(); }

  /// Runs `step`, which calls libpng; false when libpng reported an error.
  ///
  /// libpng leaves by longjmp, which runs no destructors: `step` and what it calls may hold only
  /// trivial locals, and everything with a destructor lives in a caller of this function. It is
  /// the one place that sets the jump.
  template <typename Step>
  bool run(const Step& step) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    step();
    return true;
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    auto& error = static_cast<Coder*>(png_get_error_ptr(png))->error_;
    std::strncpy(error.data(), message, error.size() - 1);
    png_longjmp(png, 1);
  }

  static void on_warning(png_structp, png_const_charp) {}

  void destroy() {
    if (direction_ == Direction::Read)
      png_destroy_read_struct(&png_, &info_, nullptr);
    else
      png_destroy_write_struct(&png_, &info_);
  }

  const Direction direction_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::array<char, 160> error_{};  // ends in a NUL: its last byte is never written
};

// ---- writing

void append_bytes(png_structp png, png_bytep bytes, std::size_t count) {
  bool is_out_of_memory = false;
  try {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(bytes), count);
  } catch (const std::bad_alloc&) {
    is_out_of_memory = true;
  }
  if (is_out_of_memory) png_error(png, "out of memory");
}

/// Chosen on a 512x512 picture with the fine grain of a photograph: level 4 with filters chosen row
/// by row is smaller than zlib's usual level 6 and takes a quarter of its time.
void set_effort(png_structp png, PngEffort effort) {
  switch (effort) {
    case PngEffort::Fast:
      png_set_compression_level(png, 2);
      png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
      return;
    case PngEffort::Normal:
      png_set_compression_level(png, 4);
      png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
      return;
  }
}

// ---- reading

struct Cursor {
  std::string_view rest;
};

void take_bytes(png_structp png, png_bytep bytes, std::size_t count) {
  auto& cursor = *static_cast<Cursor*>(png_get_io_ptr(png));
  if (cursor.rest.size() < count) png_error(png, "the file ends too early");
  std::memcpy(bytes, cursor.rest.data(), count);
  cursor.rest.remove_prefix(count);
}

/// What the header promises, before any memory is taken for it.
struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t bits_per_pixel = 0;
};

/// What decode_png decodes; the side is libpng's own limit.
constexpr PictureLimits kOwnLimits{.pixels = kMaxPixels, .side = 1'000'000};

/// A deflate stream unfolds to at most 1032 times its size (zlib, "Technical Details"), so a small
/// file that promises more is broken, or a bomb.
constexpr std::int64_t kMaxDeflateRatio = 1032;

Result<void> check_header(const Header& header, std::int64_t compressed_bytes,
                          const PictureLimits& limits) {
  FURROW_TRY_VOID(check_size("PNG", header.width, header.height, limits));
  if (header.width * header.height * header.bits_per_pixel / 8 >
      (compressed_bytes + 1) * kMaxDeflateRatio)
    return fail(ErrorKind::Invalid,
                fmt::format("The PNG is corrupt: it claims {}x{} pixels, but its {} bytes of pixel "
                            "data cannot hold them.",
                            header.width, header.height, compressed_bytes));
  return {};
}

/// Asks libpng for 8 bits a channel, RGB or RGBA.
void set_rgb_output(png_structp png, png_infop info) {
  png_set_expand(png);  // palettes, fewer than 8 bits, a transparent colour
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

void read_rows(png_structp png, png_bytep pixels, std::size_t row_bytes, int passes, int height) {
  for (int pass = 0; pass < passes; ++pass)
    for (int y = 0; y < height; ++y)
      png_read_row(png, pixels + static_cast<std::size_t>(y) * row_bytes, nullptr);
}

Unexpected corrupt(const Coder& reader) {
  return fail(ErrorKind::Invalid, fmt::format("The PNG is corrupt: {}.", reader.error()));
}

Result<Picture> decode_pixels(std::string_view bytes, std::int64_t compressed_bytes,
                              const PictureLimits& limits) {
  Coder reader(Coder::Direction::Read);
  png_structp const png = reader.png();
  png_infop const info = reader.info();
  Cursor cursor{bytes};

  const bool has_header = reader.run([&] {
    png_set_read_fn(png, &cursor, take_bytes);
    // split_png has checked the checksums; nothing but pixels and palette is wanted from here.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png, info);
  });
  if (!has_header) return corrupt(reader);

  const Header header{png_get_image_width(png, info), png_get_image_height(png, info),
                      png_get_channels(png, info) * png_get_bit_depth(png, info)};
  FURROW_TRY_VOID(check_header(header, compressed_bytes, limits));
  const int passes = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
  if (!reader.run([&] { set_rgb_output(png, info); })) return corrupt(reader);

  const auto width = static_cast<int>(header.width);
  const auto height = static_cast<int>(header.height);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<std::uint8_t> pixels(row_bytes * static_cast<std::size_t>(header.height));
  const bool has_pixels = reader.run([&] {
    read_rows(png, pixels.data(), row_bytes, passes, height);
    png_read_end(png, nullptr);
  });
  if (!has_pixels) return corrupt(reader);
  if (png_get_channels(png, info) == 4) return Picture::of_rgba(width, height, pixels);
  return Picture{{width, height, std::move(pixels)}, std::nullopt};
}

Result<Picture> decode_chunks(std::string_view bytes, const std::vector<PngChunk>& chunks,
                              const PictureLimits& limits) {
  std::int64_t compressed_bytes = 0;
  for (const PngChunk& chunk : chunks)
    if (chunk.type == "IDAT") compressed_bytes += static_cast<std::int64_t>(chunk.data.size());
  try {
    return decode_pixels(bytes, compressed_bytes, limits);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory, "There is not enough memory to decode the PNG's pixels.");
  }
}

Result<std::vector<PngText>> texts_of(const std::vector<PngChunk>& chunks) {
  std::vector<PngText> texts;
  std::size_t total = 0;
  for (const PngChunk& chunk : chunks) {
    FURROW_TRY(std::optional<PngText> text, text_of(chunk));
    if (!text) continue;
    total += text->text.size();
    if (total > kMaxTexts)
      return fail(ErrorKind::Invalid,
                  fmt::format("The PNG's texts are together longer than {} MiB.", kMaxTexts >> 20));
    texts.push_back(*std::move(text));
  }
  return texts;
}

}  // namespace

std::string encode_png(const Image& image, const std::vector<PngText>& texts, PngEffort effort) {
  const auto row_bytes = static_cast<std::size_t>(image.width) * 3;
  FURROW_CHECK(image.width > 0 && image.height > 0 &&
                   image.rgb.size() == row_bytes * static_cast<std::size_t>(image.height),
               "a picture to encode has at least one pixel and three bytes for each");
  std::vector<TextChunk> chunks;
  for (const PngText& text : texts) chunks.push_back(text_chunk(text));

  std::string bytes;
  Coder writer(Coder::Direction::Write);
  png_structp const png = writer.png();
  const bool is_written = writer.run([&] {
    png_set_write_fn(png, &bytes, append_bytes, nullptr);
    set_effort(png, effort);
    png_set_IHDR(png, writer.info(), static_cast<png_uint_32>(image.width),
                 static_cast<png_uint_32>(image.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, writer.info());
    for (const TextChunk& chunk : chunks)
      png_write_chunk(png, reinterpret_cast<png_const_bytep>(chunk.type),
                      reinterpret_cast<png_const_bytep>(chunk.data.data()), chunk.data.size());
    for (int y = 0; y < image.height; ++y)
      png_write_row(png, image.rgb.data() + static_cast<std::size_t>(y) * row_bytes);
    png_write_end(png, nullptr);
  });
  FURROW_CHECK(is_written, writer.error());
  return bytes;
}

Result<DecodedPng> decode_png(std::string_view bytes) {
  FURROW_TRY(const std::vector<PngChunk> chunks, split_png(bytes));
  DecodedPng decoded;
  FURROW_TRY(decoded.texts, texts_of(chunks));
  FURROW_TRY(Picture picture, decode_chunks(bytes, chunks, kOwnLimits));
  decoded.image = over_white(std::move(picture));
  return decoded;
}

Result<Picture> decode_png_picture(std::string_view bytes, const PictureLimits& limits) {
  FURROW_TRY(const std::vector<PngChunk> chunks, split_png(bytes));
  return decode_chunks(bytes, chunks, limits);
}

Result<std::vector<PngText>> read_png_texts(std::string_view bytes) {
  FURROW_TRY(const std::vector<PngChunk> chunks, split_png(bytes));
  return texts_of(chunks);
}

}  // namespace furrow::image
