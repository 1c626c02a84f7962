#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Exif (CIPA DC-008), as far as pictures of people and of image generators use it. It is a TIFF:
///
///   "II*\0" or "MM\0*" · offset of the first directory (4 bytes)
///   directory: count (2 bytes) · entries of 12 bytes · offset of the next one (4 bytes)
///   entry: tag (2) · type (2) · count (4) · the value, or its offset where it has more than 4
///   bytes
///
/// in little- (II) or big-endian (MM) order; offsets count from the "II" or "MM".
namespace furrow::image {

struct Exif {
  /// How the stored picture is to be turned, 1 to 8; 1: it is upright (tag 0x0112).
  int orientation = 1;
  /// The comment as UTF-8 (tag 0x9286), which is where image generators put the infotext.
  std::optional<std::string> user_comment;

  bool operator==(const Exif&) const = default;
};

/// Reads the TIFF of an Exif block, with or without "Exif\0\0" in front. What is malformed or not
/// of the type that the standard gives it counts as absent, as other readers have it: a camera's
/// broken block must not make its picture useless.
///
/// A comment marked as Unicode is read in the byte order that its zeros tell, or big-endian.
Exif read_exif(std::string_view bytes);

/// An Exif block (big-endian, without "Exif\0\0") that holds one comment in UTF-16, as A1111 and
/// sdnext write it: without a byte order mark, which their readers would take for text. So a text
/// comes back as it was unless most of its characters have a code point that ends in 00. What is
/// not UTF-8 becomes U+FFFD, and NULs at the end are lost.
std::string exif_of_comment(std::string_view text);

}  // namespace furrow::image
