#include "common/image/exif.h"

#include <cstddef>
#include <cstdint>

#include "common/base/utf8.h"
#include "common/image/text_encoding.h"

namespace furrow::image {
namespace {

constexpr std::string_view kExifPrefix("Exif\0\0", 6);
constexpr std::string_view kLittleEndianHeader("II*\0", 4);
constexpr std::string_view kBigEndianHeader("MM\0*", 4);

constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kExifDirectoryTag = 0x8769;
constexpr std::uint16_t kUserCommentTag = 0x9286;

constexpr std::uint16_t kShort = 3;
constexpr std::uint16_t kLong = 4;
constexpr std::uint16_t kUndefined = 7;

constexpr std::size_t kEntryBytes = 12;

/// The first bytes of a comment, which say how it is encoded.
constexpr std::size_t kCharacterCodeBytes = 8;
constexpr std::string_view kUnicodeCode("UNICODE\0", kCharacterCodeBytes);

/// The TIFF's bytes, read in its byte order. What lies outside reads as zero, so that no caller
/// has to think about bounds.
class Tiff {
 public:
  Tiff(std::string_view bytes, bool is_big_endian) : bytes_(bytes), is_big_endian_(is_big_endian) {}

  std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }

  std::uint32_t u32(std::size_t at) const { return number(at, 4); }

  /// Nothing unless all of them are inside.
  std::optional<std::string_view> slice(std::size_t at, std::size_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) return std::nullopt;
    return bytes_.substr(at, count);
  }

 private:
  std::uint32_t number(std::size_t at, std::size_t count) const {
    const auto bytes = slice(at, count);
    if (!bytes) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | static_cast<std::uint8_t>((*bytes)[is_big_endian_ ? i : count - 1 - i]);
    return value;
  }

  std::string_view bytes_;
  bool is_big_endian_;
};

/// One entry of a directory.
struct Entry {
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  std::size_t value_at = 0;  ///< of the four bytes that hold the value or its offset
};

/// The entry of a tag in the directory at an offset.
std::optional<Entry> find_entry(const Tiff& tiff, std::size_t directory, std::uint16_t tag) {
  const std::size_t count = tiff.u16(directory);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = directory + 2 + i * kEntryBytes;
    if (!tiff.slice(at, kEntryBytes)) return std::nullopt;
    if (tiff.u16(at) == tag) return Entry{tiff.u16(at + 2), tiff.u32(at + 4), at + 8};
  }
  return std::nullopt;
}

bool is_single(const std::optional<Entry>& entry, std::uint16_t type) {
  return entry && entry->type == type && entry->count == 1;
}

std::string without_trailing_nuls(std::string_view text) {
  const std::size_t last = text.find_last_not_of('\0');
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

std::string text_of_comment(std::string_view comment) {
  const std::string_view code = comment.substr(0, kCharacterCodeBytes);
  const std::string_view text = comment.substr(code.size());
  if (code == kUnicodeCode) return without_trailing_nuls(utf8_of_utf16(text));
  // ASCII and the undefined code; writers put UTF-8 behind either.
  return without_trailing_nuls(well_formed_utf8(text));
}

std::optional<std::string> read_comment(const Tiff& tiff, std::size_t directory) {
  const auto entry = find_entry(tiff, directory, kUserCommentTag);
  if (!entry || entry->type != kUndefined || entry->count < kCharacterCodeBytes)
    return std::nullopt;
  const auto comment = tiff.slice(tiff.u32(entry->value_at), entry->count);
  if (!comment) return std::nullopt;
  return text_of_comment(*comment);
}

// ---- writing

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

/// A directory of one entry, the last of its chain.
std::string directory_of(std::uint16_t tag, std::uint16_t type, std::uint32_t count,
                         std::uint32_t value) {
  return big_endian(1, 2) + big_endian(tag, 2) + big_endian(type, 2) + big_endian(count, 4) +
         big_endian(value, 4) + big_endian(0, 4);
}

constexpr std::uint32_t kHeaderBytes = 8;
constexpr std::uint32_t kDirectoryBytes = 2 + kEntryBytes + 4;

}  // namespace

Exif read_exif(std::string_view bytes) {
  if (bytes.starts_with(kExifPrefix)) bytes.remove_prefix(kExifPrefix.size());
  const bool is_big_endian = bytes.starts_with(kBigEndianHeader);
  if (!is_big_endian && !bytes.starts_with(kLittleEndianHeader)) return {};

  const Tiff tiff(bytes, is_big_endian);
  const std::size_t directory = tiff.u32(4);
  Exif exif;
  const auto orientation = find_entry(tiff, directory, kOrientationTag);
  if (is_single(orientation, kShort)) {
    const int value = tiff.u16(orientation->value_at);
    if (value >= 1 && value <= 8) exif.orientation = value;
  }
  const auto exif_directory = find_entry(tiff, directory, kExifDirectoryTag);
  if (is_single(exif_directory, kLong))
    exif.user_comment = read_comment(tiff, tiff.u32(exif_directory->value_at));
  return exif;
}

std::string exif_of_comment(std::string_view text) {
  const std::string comment = std::string(kUnicodeCode) + utf16_big_endian_of(text);
  return std::string(kBigEndianHeader) + big_endian(kHeaderBytes, 4) +
         directory_of(kExifDirectoryTag, kLong, 1, kHeaderBytes + kDirectoryBytes) +
         directory_of(kUserCommentTag, kUndefined, static_cast<std::uint32_t>(comment.size()),
                      kHeaderBytes + 2 * kDirectoryBytes) +
         comment;
}

}  // namespace furrow::image
