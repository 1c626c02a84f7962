#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/choices.h"
#include "common/prompt/generator.h"
#include "tests/fuzz/fuzz_input.h"

// A byte of seed, then a prompt's text. The same seed makes the same choices; nothing is added.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  fuzz::FuzzInput input(data, size);
  const std::uint64_t seed = input.take_byte();
  const auto text = well_formed_utf8(input.rest());
  std::vector<prompt::Choice> made;
  prompt::ChoiceGenerator generator(seed);

  const auto taken = prompt::take_choices(text, generator, made);

  if (!taken) {
    FURROW_CHECK(is_valid_utf8(taken.error().message), "a message can be shown");
    return 0;
  }
  FURROW_CHECK(is_valid_utf8(*taken), "braces do not cut characters");
  FURROW_CHECK(taken->size() <= text.size(), "a choice is no longer than its braces");
  std::vector<prompt::Choice> made_again;
  prompt::ChoiceGenerator same(seed);
  FURROW_CHECK(prompt::take_choices(text, same, made_again).value() == *taken, "seeds decide");
  FURROW_CHECK(made == made_again, "seeds decide");
  std::size_t bytes = 0;
  for (const auto part : prompt::split_at_bars(text)) bytes += part.size() + 1;
  FURROW_CHECK(bytes == text.size() + 1, "the parts and the bars are the text");
  return 0;
}
