#include <algorithm>
#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/image/exif.h"
#include "tests/fuzz/fuzz_input.h"

// An Exif block. What it says can be shown, and a comment is the same when it is written and read
// again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  const auto exif = image::read_exif(fuzz::FuzzInput(data, size).rest());

  FURROW_CHECK(exif.orientation >= 1 && exif.orientation <= 8, "an orientation is 1 to 8");
  if (!exif.user_comment) return 0;
  FURROW_CHECK(is_valid_utf8(*exif.user_comment), "a comment can be shown");
  const auto again = image::read_exif(image::exif_of_comment(*exif.user_comment));
  FURROW_CHECK(again.user_comment.has_value(), "what was read can be written");
  // Without a byte order mark only ASCII is certain to be told apart from its mirror image.
  const bool is_ascii = std::all_of(exif.user_comment->begin(), exif.user_comment->end(),
                                    [](char c) { return c > 0; });
  const image::Exif expected{1, exif.user_comment};
  FURROW_CHECK(!is_ascii || again == expected, "a comment is the same when it is read again");
  return 0;
}
