#include <cmath>
#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/attention.h"
#include "tests/fuzz/fuzz_input.h"

// A prompt's emphasis. Weights are finite, neighbours differ, texts are no longer than the prompt.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  const auto text = well_formed_utf8(fuzz::FuzzInput(data, size).rest());

  const auto fragments = prompt::parse_attention(text);

  if (!fragments) {
    FURROW_CHECK(is_valid_utf8(fragments.error().message), "a message can be shown");
    return 0;
  }
  FURROW_CHECK(!fragments->empty(), "nothing is one empty fragment");
  std::size_t bytes = 0;
  const prompt::Fragment* before = nullptr;
  for (const auto& fragment : *fragments) {
    FURROW_CHECK(std::isfinite(fragment.weight), "a weight is a finite number");
    FURROW_CHECK(is_valid_utf8(fragment.text), "brackets do not cut characters");
    FURROW_CHECK(!fragment.is_break || fragment.text.empty(), "BREAK has no text");
    FURROW_CHECK(before == nullptr || before->is_break || fragment.is_break ||
                     before->weight != fragment.weight,
                 "neighbours of equal weight are one fragment");
    bytes += fragment.text.size();
    before = &fragment;
  }
  FURROW_CHECK(bytes <= text.size(), "emphasis adds no text");
  return 0;
}
