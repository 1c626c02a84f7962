#include <cmath>
#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/attention.h"
#include "common/prompt/limits.h"
#include "common/prompt/prompt.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace furrow;
using namespace furrow::prompt;

void check_prompt(const Prompt& prompt) {
  FURROW_CHECK(is_valid_utf8(prompt.text), "bytes that are no UTF-8 are replaced");
  FURROW_CHECK(prompt.text.size() <= kMaxPromptBytes, "a prompt is bounded");
  FURROW_CHECK(!prompt.parts.empty(), "there is a prompt");
  for (const auto& choice : prompt.choices) {
    FURROW_CHECK(is_valid_utf8(choice.written) && is_valid_utf8(choice.taken), "and shown");
  }
  FURROW_CHECK(prompt.loras.size() <= prompt.networks.size(), "a LoRA is a network");
  for (const auto& part : prompt.parts) {
    FURROW_CHECK(std::isfinite(part.weight), "a weight is a finite number");
    for (const auto& text : part.schedule.texts) {
      FURROW_CHECK(parse_attention(text).has_value(), "what was read can be read on");
    }
  }
}

}  // namespace

// A byte for the side, one of the seed, one of the steps; then up to zeros a style as CSV, two
// wildcards' lines, and the prompt.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  PromptSource source;
  source.side = input.take_byte() % 2 == 0 ? Side::Positive : Side::Negative;
  source.seed = input.take_byte();
  source.pass.steps = 1 + input.take_byte();
  Style style;
  const auto styles_file = "name,prompt\nx," + std::string(input.take_text());
  const auto read_styles = styles_from_csv(styles_file);
  if (read_styles && !read_styles->empty()) style = read_styles->front();
  style.words = {{"{k}", {"v", "(w"}}};
  WildcardBook book;
  book.add("a", input.take_text());
  book.add("folder/b", input.take_text());
  const Style* const styles[] = {&style};
  if (!style.prompt.empty()) source.styles = styles;
  source.wildcards = &book;
  source.text = input.rest();

  const auto prompt = read_prompt(source);

  if (!prompt) {
    FURROW_CHECK(is_valid_utf8(prompt.error().message), "a message can be shown");
    FURROW_CHECK(prompt.error().kind == ErrorKind::Invalid, "the text is at fault");
    return 0;
  }
  check_prompt(*prompt);
  return 0;
}
