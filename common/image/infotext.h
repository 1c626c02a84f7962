#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/image/png.h"
#include "furrow/v1/artifact.pb.h"

namespace furrow::image {

/// The text that A1111, sdnext and CivitAI read from a picture (PNG key "parameters"), taken apart.
struct Infotext {
  std::string prompt;
  std::string negative_prompt;
  std::vector<std::pair<std::string, std::string>> fields;  ///< in their order, values unquoted

  /// The value of a field, or an empty text.
  std::string_view field(std::string_view key) const;
  bool operator==(const Infotext&) const = default;
};

/// A1111's form: the prompt, "Negative prompt: …" when there is one, and one last line "Key: value,
/// …". A value with a comma, colon or line break is written as a JSON string, as A1111 does; so is
/// one that begins with a quote, or begins or ends with a space, which no reader would get back.
std::string format_infotext(const Infotext& infotext);

/// Takes a text of A1111 or sdnext apart by its last line; nothing is turned into a number or
/// stripped. A text without parameters is all prompt. sdnext's templates become the last fields.
///
/// parse_infotext(format_infotext(x)) == x when x has "Steps" and its number first, or three
/// fields; keys are of letters, digits, "_", " ", "-" and "/"; no line of the negative prompt
/// begins with "Negative prompt:"; and no "App" field says that sdnext wrote it.
Infotext parse_infotext(std::string_view text);

/// The fields of a furrow picture, in A1111's order.
Infotext infotext_of(const v1::ImageMetadata& metadata);

/// The two texts every furrow picture carries: "parameters", as infotext_of says, and "furrow", the
/// metadata in Protobuf's JSON mapping, which loses nothing. The schema is filled in.
std::vector<PngText> metadata_texts(const v1::ImageMetadata& metadata);

/// What a picture's "furrow" text says. Errors: NotFound without such a text, Invalid when it
/// cannot be read.
Result<v1::ImageMetadata> read_metadata(const std::vector<PngText>& texts);

}  // namespace furrow::image
