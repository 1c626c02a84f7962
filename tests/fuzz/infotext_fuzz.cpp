#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/image/infotext.h"
#include "tests/fuzz/fuzz_input.h"

// A byte, then a picture's text: A1111's, or the JSON of ours. What was read from the latter is
// written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  fuzz::FuzzInput input(data, size);
  if (input.take_byte() % 2 == 0) {
    const auto text = well_formed_utf8(input.rest());  // as the readers of pictures give it
    const auto infotext = image::parse_infotext(text);
    FURROW_CHECK(infotext.prompt.size() + infotext.negative_prompt.size() <= text.size(),
                 "reading adds no text");
    const auto again = image::parse_infotext(image::format_infotext(infotext));
    // A1111's form cannot hold every prompt; see format_infotext for which.
    if (!infotext.fields.empty() && infotext.field("App").empty() &&
        infotext.field("Steps") == "20" && infotext.fields.front().first == "Steps" &&
        infotext.negative_prompt.find("Negative prompt:") == std::string::npos &&
        infotext.prompt.find("Negative prompt:") == std::string::npos) {
      FURROW_CHECK(again.fields == infotext.fields, "what was read can be written");
    }
    return 0;
  }
  const auto metadata =
      image::read_metadata({{.key = "furrow", .text = std::string(input.rest())}});
  if (!metadata) return 0;
  const auto again = image::read_metadata(image::metadata_texts(*metadata));
  FURROW_CHECK(again.has_value(), "what was read can be written");
  FURROW_CHECK(image::metadata_texts(*again) == image::metadata_texts(*metadata),
               "metadata is the same when it is read again");
  return 0;
}
