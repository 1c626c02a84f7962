#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The container of a WebP (RFC 9649 §2): "RIFF" · size of what follows · "WEBP", then chunks of
///
///   type (4 letters) · length (4 bytes, little-endian) · data · a zero where the length is odd
///
/// A plain file has one chunk, VP8 or VP8L; one with a VP8X chunk in front may have more.
namespace furrow::image {

/// Whether the bytes begin as a WebP.
bool is_webp(std::string_view bytes);

/// The data of the first chunk of a type; a view into `bytes`. Nothing: there is none before the
/// end of the file, or before a chunk that is cut off.
std::optional<std::string_view> find_webp_chunk(std::string_view bytes, std::string_view type);

/// The plain, opaque WebP `bytes` with an Exif chunk behind the pixels, which makes it an extended
/// one. Requires: a whole plain WebP of `width` x `height` pixels.
std::string with_exif(std::string_view bytes, int width, int height, std::string_view exif);

}  // namespace furrow::image
