#include "common/image/png_chunks.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/image/text_encoding.h"

namespace furrow::image {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum
constexpr std::string_view kNul("\0", 1);

std::uint32_t big_endian_32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Unexpected cut_off(std::size_t size) {
  return fail(ErrorKind::Invalid,
              fmt::format("The PNG is cut off after {} bytes: its end (IEND) is missing.", size));
}

Unexpected malformed(const PngChunk& chunk, std::string_view why) {
  return fail(ErrorKind::Invalid, fmt::format("The PNG's {} chunk at byte {} is malformed: {}.",
                                              chunk.type, chunk.offset, why));
}

/// Splits `rest` at its first NUL: returns what is before and leaves what is behind.
std::optional<std::string_view> take_until_nul(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view before = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return before;
}

/// Unfolds a zlib stream. Nothing: it is corrupt, ends early or is longer than kMaxInflatedText.
std::optional<std::string> inflate_text(std::string_view compressed) {
  struct Inflater {
    z_stream stream{};
    bool is_open = inflateInit(&stream) == Z_OK;

    ~Inflater() {
      if (is_open) inflateEnd(&stream);
    }
  } inflater;

  if (!inflater.is_open) return std::nullopt;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());

  std::string text;
  std::array<char, 16 << 10> buffer;
  int status = Z_OK;
  while (status == Z_OK && text.size() <= kMaxInflatedText) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  if (status != Z_STREAM_END || text.size() > kMaxInflatedText) return std::nullopt;
  return text;
}

constexpr std::string_view kBadCompression =
    "its compressed text is corrupt, or longer than 16 MiB";

/// zTXt behind the key: compression method (0), zlib stream of Latin-1.
Result<std::optional<PngText>> ztxt_of(const PngChunk& chunk, std::string key,
                                       std::string_view rest) {
  if (rest.empty() || rest[0] != 0) return malformed(chunk, "its compression method is unknown");
  const auto text = inflate_text(rest.substr(1));
  if (!text) return malformed(chunk, kBadCompression);
  return std::optional(PngText{std::move(key), utf8_of_latin1(*text), false});
}

/// iTXt behind the key: compressed? · method (0) · language NUL · translated key NUL · UTF-8.
Result<std::optional<PngText>> itxt_of(const PngChunk& chunk, std::string key,
                                       std::string_view rest) {
  if (rest.size() < 2) return malformed(chunk, "it ends too early");
  const bool is_compressed = rest[0] != 0;
  if (is_compressed && rest[1] != 0) return malformed(chunk, "its compression method is unknown");
  rest.remove_prefix(2);
  if (!take_until_nul(rest) || !take_until_nul(rest))
    return malformed(chunk, "its language or translated key does not end");
  if (!is_compressed) return std::optional(PngText{std::move(key), well_formed_utf8(rest), true});
  const auto text = inflate_text(rest);
  if (!text) return malformed(chunk, kBadCompression);
  return std::optional(PngText{std::move(key), well_formed_utf8(*text), true});
}

}  // namespace

Result<std::vector<PngChunk>> split_png(std::string_view bytes) {
  if (bytes.substr(0, kSignature.size()) != kSignature.substr(0, bytes.size()) || bytes.empty())
    return fail(ErrorKind::Invalid, "This is no PNG: it does not begin with a PNG's signature.");

  std::vector<PngChunk> chunks;
  std::size_t offset = kSignature.size();
  while (chunks.empty() || chunks.back().type != "IEND") {
    if (bytes.size() < offset + kChunkOverhead) return cut_off(bytes.size());
    if (chunks.size() == kMaxChunks)
      return fail(
          ErrorKind::Invalid,
          fmt::format("The PNG has more than {} chunks; no encoder writes it so.", kMaxChunks));
    const std::size_t length = big_endian_32(bytes.substr(offset));
    if (bytes.size() - offset - kChunkOverhead < length) return cut_off(bytes.size());

    const PngChunk chunk{bytes.substr(offset + 4, 4), bytes.substr(offset + 8, length), offset};
    if (checksum(bytes.substr(offset + 4, 4 + length)) !=
        big_endian_32(bytes.substr(offset + 8 + length)))
      return fail(ErrorKind::Invalid,
                  fmt::format("The PNG is corrupt: the checksum of its chunk at byte {} is wrong.",
                              offset));
    if (chunks.empty() && chunk.type != "IHDR") return malformed(chunk, "a PNG begins with IHDR");
    chunks.push_back(chunk);
    offset += kChunkOverhead + length;
  }
  return chunks;
}

Result<std::optional<PngText>> text_of(const PngChunk& chunk) {
  if (chunk.type != "tEXt" && chunk.type != "zTXt" && chunk.type != "iTXt")
    return std::optional<PngText>();

  std::string_view rest = chunk.data;
  const auto key_bytes = take_until_nul(rest);
  if (!key_bytes || key_bytes->empty() || key_bytes->size() > 79)
    return malformed(chunk, "its key is not 1 to 79 characters long");
  std::string key = utf8_of_latin1(*key_bytes);

  if (chunk.type == "zTXt") return ztxt_of(chunk, std::move(key), rest);
  if (chunk.type == "iTXt") return itxt_of(chunk, std::move(key), rest);
  return std::optional(PngText{std::move(key), utf8_of_latin1(rest), false});
}

TextChunk text_chunk(const PngText& text) {
  const auto key = latin1_of(text.key);
  FURROW_CHECK(key && !key->empty() && key->size() <= 79 && key->find('\0') == std::string::npos,
               "a PNG text's key is 1 to 79 characters of Latin-1");
  std::string value = well_formed_utf8(text.text);
  for (auto nul = value.find('\0'); nul != std::string::npos; nul = value.find('\0', nul))
    value.replace(nul, 1, "\xEF\xBF\xBD");

  std::string data = *key;
  data += kNul;
  const auto latin1 = text.as_itxt ? std::nullopt : latin1_of(value);
  if (latin1) return {"tEXt", data + *latin1};
  for (int i = 0; i < 4; ++i)
    data += kNul;  // not compressed, method 0, no language, no translation
  return {"iTXt", data + value};
}

}  // namespace furrow::image
