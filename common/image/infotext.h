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
/// …", values quoted by A1111's rule (a JSON string when there is a comma, colon or newline in it).
std::string format_infotext(const Infotext& infotext);

/// Takes a text of A1111 or sdnext apart by its last line. A text without parameters is all prompt.
Infotext parse_infotext(std::string_view text);

/// The fields of a furrow picture, in A1111's order.
Infotext infotext_of(const v1::ImageMetadata& metadata);

/// The two texts every furrow picture carries: "parameters" and the exact "furrow" JSON.
std::vector<PngText> metadata_texts(const v1::ImageMetadata& metadata);

/// What a picture's "furrow" text says. Errors: NotFound without such a text, Invalid when it
/// cannot be read.
Result<v1::ImageMetadata> read_metadata(const std::vector<PngText>& texts);

}  // namespace furrow::image
