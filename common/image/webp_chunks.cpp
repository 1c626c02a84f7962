#include "common/image/webp_chunks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace furrow::image {
namespace {

constexpr std::size_t kHeaderBytes = 12;      // "RIFF", size, "WEBP"
constexpr std::size_t kChunkHeaderBytes = 8;  // type, length

/// The bit of a VP8X chunk's flags that announces an Exif chunk.
constexpr char kExifFlag = 0x08;

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string little_endian(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

std::string chunk(std::string_view type, std::string_view data) {
  std::string bytes = std::string(type) + little_endian(data.size(), 4) + std::string(data);
  if (data.size() % 2 != 0) bytes += '\0';
  return bytes;
}

}  // namespace

bool is_webp(std::string_view bytes) {
  return bytes.starts_with("RIFF") && bytes.substr(0, kHeaderBytes).ends_with("WEBP") &&
         bytes.size() >= kHeaderBytes;
}

std::optional<std::string_view> find_webp_chunk(std::string_view bytes, std::string_view type) {
  if (!is_webp(bytes)) return std::nullopt;
  std::string_view rest = bytes.substr(kHeaderBytes);
  while (rest.size() >= kChunkHeaderBytes) {
    const std::size_t length = little_endian(rest.substr(4, 4));
    if (length > rest.size() - kChunkHeaderBytes) return std::nullopt;
    if (rest.starts_with(type)) return rest.substr(kChunkHeaderBytes, length);
    const std::size_t padded = length + length % 2;
    rest.remove_prefix(std::min(rest.size(), kChunkHeaderBytes + padded));
  }
  return std::nullopt;
}

std::string with_exif(std::string_view bytes, int width, int height, std::string_view exif) {
  const std::string extended = std::string(1, kExifFlag) + std::string(3, '\0') +
                               little_endian(static_cast<std::size_t>(width - 1), 3) +
                               little_endian(static_cast<std::size_t>(height - 1), 3);
  const std::string body = "WEBP" + chunk("VP8X", extended) +
                           std::string(bytes.substr(kHeaderBytes)) + chunk("EXIF", exif);
  return "RIFF" + little_endian(body.size(), 4) + body;
}

}  // namespace furrow::image
