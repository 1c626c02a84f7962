#include "common/image/jpeg.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <fmt/format.h>
// jpeglib.h needs std::FILE and std::size_t, and does not include what declares them.
#include <jerror.h>
#include <jpeglib.h>

#include "common/base/check.h"

namespace furrow::image {
namespace {

constexpr std::string_view kExifPrefix("Exif\0\0", 6);

/// What libjpeg reports, and where it leaves to. libjpeg knows it by its first member.
struct ErrorHandler {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message;
  bool is_out_of_memory;
};

[[noreturn]] void leave(j_common_ptr coder) {
  auto* handler = reinterpret_cast<ErrorHandler*>(coder->err);
  handler->is_out_of_memory = coder->err->msg_code == JERR_OUT_OF_MEMORY;
  coder->err->format_message(coder, handler->message.data());
  std::longjmp(handler->jump, 1);
}

/// A warning is damage that the decoder steps over; only where the file ends early is there nothing
/// to go on with.
void on_message(j_common_ptr coder, int level) {
  if (level < 0 && coder->err->msg_code == JWRN_JPEG_EOF) leave(coder);
}

void ignore_message(j_common_ptr) {}

/// libjpeg calls this often while it works.
void check_scans(j_common_ptr coder) {
  auto* reader = reinterpret_cast<j_decompress_ptr>(coder);
  if (reader->input_scan_number <= kMaxJpegScans) return;
  auto* handler = reinterpret_cast<ErrorHandler*>(coder->err);
  std::snprintf(handler->message.data(), handler->message.size(), "It has more than %d scans",
                kMaxJpegScans);
  std::longjmp(handler->jump, 1);
}

void install(ErrorHandler& handler, jpeg_error_mgr*& used) {
  used = jpeg_std_error(&handler.manager);
  handler.manager.error_exit = leave;
  handler.manager.emit_message = on_message;
  handler.manager.output_message = ignore_message;
  handler.message[0] = '\0';
  handler.is_out_of_memory = false;
}

/// Runs `step`, which calls libjpeg; false when libjpeg reported an error.
///
/// libjpeg leaves by longjmp, which runs no destructors: `step` and what it calls may hold only
/// trivial locals, and everything with a destructor lives in a caller of this function.
template <typename Step>
bool run(ErrorHandler& handler, const Step& step) {
  if (setjmp(handler.jump) != 0) return false;
  step();
  return true;
}

// ---- reading

/// A decoder, destroyed with its owner.
struct Reader {
  jpeg_decompress_struct jpeg{};
  jpeg_progress_mgr progress{};
  ErrorHandler errors{};

  Reader() {
    install(errors, jpeg.err);
    if (!run(errors, [this] { jpeg_create_decompress(&jpeg); })) throw std::bad_alloc();
    progress.progress_monitor = check_scans;
    jpeg.progress = &progress;
  }

  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  ~Reader() { jpeg_destroy_decompress(&jpeg); }
};

Unexpected broken(const ErrorHandler& errors) {
  if (errors.is_out_of_memory)
    return fail(ErrorKind::OutOfMemory, "There is not enough memory to decode the JPEG's pixels.");
  if (errors.manager.msg_code == JWRN_JPEG_EOF)
    return fail(ErrorKind::Invalid, "The JPEG is cut off: its end is missing.");
  return fail(ErrorKind::Invalid,
              fmt::format("The JPEG cannot be decoded: {}.", errors.message.data()));
}

void read_rows(jpeg_decompress_struct& jpeg, std::uint8_t* pixels, std::size_t row_bytes) {
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels + jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
}

/// [n, 4] inverted CMYK to [n, 3]: what is stored is the light that each ink lets through.
std::vector<std::uint8_t> rgb_of_inverted_cmyk(const std::vector<std::uint8_t>& cmyk) {
  std::vector<std::uint8_t> rgb(cmyk.size() / 4 * 3);
  for (std::size_t pixel = 0; pixel < cmyk.size() / 4; ++pixel) {
    const unsigned black = cmyk[pixel * 4 + 3];
    for (std::size_t channel = 0; channel < 3; ++channel)
      rgb[pixel * 3 + channel] =
          static_cast<std::uint8_t>((cmyk[pixel * 4 + channel] * black + 127) / 255);
  }
  return rgb;
}

Result<Image> decode(Reader& reader, std::string_view bytes, const PictureLimits& limits) {
  jpeg_decompress_struct& jpeg = reader.jpeg;
  const bool has_header = run(reader.errors, [&] {
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&jpeg, TRUE);
  });
  if (!has_header) return broken(reader.errors);
  FURROW_TRY_VOID(check_size("JPEG", jpeg.image_width, jpeg.image_height, limits));

  const bool is_cmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  if (!run(reader.errors, [&] { jpeg_start_decompress(&jpeg); })) return broken(reader.errors);

  const std::size_t row_bytes =
      std::size_t{jpeg.output_width} * static_cast<std::size_t>(jpeg.output_components);
  std::vector<std::uint8_t> pixels(row_bytes * jpeg.output_height);
  const bool has_pixels = run(reader.errors, [&] {
    read_rows(jpeg, pixels.data(), row_bytes);
    jpeg_finish_decompress(&jpeg);
  });
  if (!has_pixels) return broken(reader.errors);
  return Image{static_cast<int>(jpeg.output_width), static_cast<int>(jpeg.output_height),
               is_cmyk ? rgb_of_inverted_cmyk(pixels) : std::move(pixels)};
}

// ---- writing

struct Writer {
  jpeg_compress_struct jpeg{};
  ErrorHandler errors{};
  unsigned char* bytes = nullptr;  // libjpeg's, allocated with malloc
  unsigned long size = 0;

  Writer() {
    install(errors, jpeg.err);
    if (!run(errors, [this] { jpeg_create_compress(&jpeg); })) throw std::bad_alloc();
  }

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  ~Writer() {
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
};

/// From this quality on colour edges are kept sharp.
constexpr int kFullColourQuality = 90;

void write(Writer& writer, const Image& image, int quality, std::string_view exif_segment) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg_mem_dest(&jpeg, &writer.bytes, &writer.size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg.optimize_coding = TRUE;
  if (quality >= kFullColourQuality) {
    jpeg.comp_info[0].h_samp_factor = 1;
    jpeg.comp_info[0].v_samp_factor = 1;
  }
  jpeg_start_compress(&jpeg, TRUE);
  if (!exif_segment.empty())
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif_segment.data()),
                      static_cast<unsigned>(exif_segment.size()));
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.rgb.data()) +
                   std::size_t{jpeg.next_scanline} * jpeg.image_width * 3;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
}

}  // namespace

Result<Image> decode_jpeg(std::string_view bytes, const PictureLimits& limits) {
  try {
    const auto reader = std::make_unique<Reader>();
    return decode(*reader, bytes, limits);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory, "There is not enough memory to decode the JPEG's pixels.");
  }
}

std::optional<std::string_view> find_jpeg_exif(std::string_view bytes) {
  constexpr std::uint8_t kStartOfScan = 0xDA;
  constexpr std::uint8_t kApp1 = 0xE1;
  constexpr std::size_t kMarkerBytes = 2;
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };

  // 0xFF · marker · length (2 bytes, big-endian, itself included) · data; 0xFF may be repeated.
  std::size_t at = kMarkerBytes;  // behind the start of the image, which has no length
  while (at + 4 <= bytes.size() && byte_at(at) == 0xFF) {
    if (byte_at(at + 1) == 0xFF) {
      ++at;
      continue;
    }
    const std::uint8_t marker = byte_at(at + 1);
    if (marker == kStartOfScan) return std::nullopt;
    const std::size_t length = std::size_t{byte_at(at + 2)} << 8 | byte_at(at + 3);
    if (length < 2 || length > bytes.size() - at - kMarkerBytes) return std::nullopt;
    const std::string_view data = bytes.substr(at + 4, length - 2);
    if (marker == kApp1 && data.starts_with(kExifPrefix)) return data.substr(kExifPrefix.size());
    at += kMarkerBytes + length;
  }
  return std::nullopt;
}

Result<std::string> encode_jpeg(const Image& image, int quality, std::string_view exif) {
  FURROW_CHECK(image.width > 0 && image.height > 0, "a picture to encode has at least one pixel");
  FURROW_CHECK(quality >= 1 && quality <= 100, "the quality of a JPEG is 1 to 100");
  if (std::max(image.width, image.height) > JPEG_MAX_DIMENSION)
    return fail(ErrorKind::Invalid,
                fmt::format("A JPEG's sides have at most {} pixels; this picture is {}x{}. Write "
                            "it as PNG.",
                            JPEG_MAX_DIMENSION, image.width, image.height));
  if (exif.size() > kMaxJpegExif)
    return fail(ErrorKind::Invalid,
                fmt::format("The texts of this picture have {} bytes; a JPEG holds at most {}. "
                            "Write it as PNG.",
                            exif.size(), kMaxJpegExif));
  const std::string segment = exif.empty() ? "" : std::string(kExifPrefix) + std::string(exif);
  const auto writer = std::make_unique<Writer>();
  if (!run(writer->errors, [&] { write(*writer, image, quality, segment); }))
    return fail(writer->errors.is_out_of_memory ? ErrorKind::OutOfMemory : ErrorKind::Internal,
                fmt::format("The picture could not be written as JPEG: {}.",
                            writer->errors.message.data()));
  return std::string(reinterpret_cast<const char*>(writer->bytes), writer->size);
}

}  // namespace furrow::image
