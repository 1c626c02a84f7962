#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <zlib.h>

#include "common/image/image.h"

/// What the tests of pictures build by hand: PNG files that no encoder of ours would write.
namespace furrow::image {

inline std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

inline std::string chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}

inline std::string zlib_stream(std::string_view plain) {
  uLongf size = compressBound(plain.size());
  std::string stream(size, '\0');
  compress(reinterpret_cast<Bytef*>(stream.data()), &size,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  stream.resize(size);
  return stream;
}

inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";

struct PngHeader {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  char bit_depth = 8;
  char color_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
};

inline std::string header_chunk(const PngHeader& header) {
  const char tail[] = {header.bit_depth, header.color_type, 0, 0, 0};
  return chunk("IHDR", big_endian(header.width) + big_endian(header.height) +
                           std::string(tail, sizeof tail));
}

/// A whole PNG. `filtered` are the rows, each with a filter byte (0: none) in front.
inline std::string png_of(const PngHeader& header, std::string_view filtered,
                          std::string_view before_pixels = "") {
  return std::string(kPngSignature) + header_chunk(header) + std::string(before_pixels) +
         chunk("IDAT", zlib_stream(filtered)) + chunk("IEND", "");
}

inline Image noise(int width, int height, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Image image = Image::filled(width, height, 0, 0, 0);
  for (auto& value : image.rgb) value = static_cast<std::uint8_t>(random());
  return image;
}

}  // namespace furrow::image
