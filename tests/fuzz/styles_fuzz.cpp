#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/limits.h"
#include "common/prompt/styles.h"
#include "tests/fuzz/fuzz_input.h"

// A byte, then a style file: of JSON or of CSV. Every style that was read can be found and merged.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  fuzz::FuzzInput input(data, size);
  const bool is_csv = input.take_byte() % 2 == 0;

  const auto styles = is_csv ? prompt::styles_from_csv(input.rest())
                             : prompt::styles_from_json(input.rest(), "folder");

  if (!styles) {
    FURROW_CHECK(is_valid_utf8(styles.error().message), "a message can be shown");
    return 0;
  }
  std::size_t bytes = 0;
  for (const auto& style : *styles) {
    FURROW_CHECK(!style.name.empty(), "a style has a name");
    FURROW_CHECK(prompt::find_style(*styles, style.name).has_value(), "a style is found");
    const auto merged = prompt::merge_style(style.prompt, "a {prompt} cat");
    FURROW_CHECK(!merged || merged->size() <= prompt::kMaxPromptBytes, "a prompt is bounded");
    bytes += style.prompt.size() + style.negative_prompt.size();
  }
  FURROW_CHECK(bytes <= 3 * size, "a style is no longer than its file");
  return 0;
}
