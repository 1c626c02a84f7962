#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/image/png.h"

/// The container of a PNG (ISO/IEC 15948 §5): an eight-byte signature, then chunks of
///
///   length (4 bytes, big-endian) · type (4 letters) · data · CRC-32 of type and data (4 bytes)
///
/// from IHDR to IEND. What follows IEND is not looked at.
namespace furrow::image {

/// Most bytes that one compressed text may unfold to.
inline constexpr std::size_t kMaxInflatedText = 16 << 20;

/// Most bytes of all texts of one file.
inline constexpr std::size_t kMaxTexts = 64 << 20;

/// Most chunks of one file. Encoders write 8 KiB or more of pixels into each.
inline constexpr std::size_t kMaxChunks = 1 << 18;

/// A view into the file's bytes.
struct PngChunk {
  std::string_view type;
  std::string_view data;
  std::size_t offset = 0;  ///< of the chunk in the file, for messages
};

/// Every chunk, IHDR first and IEND last, each with a right checksum. Errors: Invalid.
Result<std::vector<PngChunk>> split_png(std::string_view bytes);

/// The text of a tEXt, zTXt or iTXt chunk; nothing for other types. Errors: Invalid, when the chunk
/// is malformed or unfolds to more than kMaxInflatedText.
Result<std::optional<PngText>> text_of(const PngChunk& chunk);

/// A text as a chunk to write.
struct TextChunk {
  const char* type = "";  ///< "tEXt" or "iTXt"
  std::string data;
};

/// A NUL, which no PNG text can hold, and whatever is not UTF-8 become U+FFFD.
/// Requires: the key is 1 to 79 characters of Latin-1 without a NUL.
TextChunk text_chunk(const PngText& text);

}  // namespace furrow::image
