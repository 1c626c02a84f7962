#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/recipe.h"
#include "common/spec/recipe_json.h"
#include "tests/fuzz/fuzz_input.h"

// A recipe's JSON. One that was read is the same when it is written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;

  const auto recipe = spec::recipe_from_json(fuzz::FuzzInput(data, size).rest());

  if (!recipe) {
    FURROW_CHECK(is_valid_utf8(recipe.error().message), "a message can be shown");
    return 0;
  }
  const auto again = spec::recipe_from_json(spec::recipe_to_json(*recipe));
  FURROW_CHECK(again.has_value(), "what was read can be written");
  FURROW_CHECK(spec::canonical_form(*again) == spec::canonical_form(*recipe),
               "a recipe is the same when it is read again");
  return 0;
}
