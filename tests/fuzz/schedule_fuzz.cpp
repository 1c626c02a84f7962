#include <algorithm>
#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/schedule.h"
#include "tests/fuzz/fuzz_input.h"

// Two bytes of steps, two of the steps before, then a prompt's text. Spans rise to the last step.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  fuzz::FuzzInput input(data, size);
  prompt::Pass pass;
  pass.steps = input.take_between(1, 20'000);
  pass.steps_before = input.take_between(0, 200);
  const auto text = well_formed_utf8(input.rest());

  const auto schedule = prompt::parse_schedule(text, pass);

  if (!schedule) {
    FURROW_CHECK(is_valid_utf8(schedule.error().message), "a message can be shown");
    return 0;
  }
  FURROW_CHECK(!schedule->texts.empty() && !schedule->spans.empty(), "there is a text");
  FURROW_CHECK(schedule->texts.size() <= prompt::kMaxScheduledTexts, "texts are bounded");
  FURROW_CHECK(schedule->spans.back().until == pass.steps, "the spans are the pass");
  int before = 0;
  std::size_t first_unseen = 0;
  for (const auto& span : schedule->spans) {
    FURROW_CHECK(span.until > before, "spans rise");
    FURROW_CHECK(span.text <= first_unseen, "texts are in the order of first use");
    first_unseen = std::max(first_unseen, span.text + 1);
    before = span.until;
  }
  FURROW_CHECK(first_unseen == schedule->texts.size(), "every text is used");
  for (const auto& scheduled : schedule->texts) {
    FURROW_CHECK(is_valid_utf8(scheduled), "brackets do not cut characters");
    FURROW_CHECK(scheduled.size() <= text.size(), "a schedule adds no text");
    FURROW_CHECK(std::count(schedule->texts.begin(), schedule->texts.end(), scheduled) == 1,
                 "every text is there once");
  }
  return 0;
}
