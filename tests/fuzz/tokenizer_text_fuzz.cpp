#include <algorithm>
#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "common/prompt/tokenizer/clip_words.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

const furrow::prompt::BpeTokenizer& tokenizer() {
  static const auto kTokenizer =
      furrow::prompt::BpeTokenizer::load(FURROW_TEST_DATA "/golden/clip_tokenizer").value();
  return kTokenizer;
}

}  // namespace

// A text to tokenise. Its normal form has the same words, ids are of the vocabulary, rows are full.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  const auto text = fuzz::FuzzInput(data, size).rest();

  const auto words = prompt::clip_words(text);
  const auto normal = prompt::clip_text(text);
  const auto ids = tokenizer().encode(text);

  FURROW_CHECK(is_valid_utf8(normal), "bytes that are no UTF-8 are replaced");
  FURROW_CHECK(prompt::split_clip_text(normal) == words, "a normal text has the same words");
  for (const auto& word : words) FURROW_CHECK(!word.empty(), "a word has letters");
  FURROW_CHECK(ids.front() == tokenizer().bos_id() && ids.back() == tokenizer().eos_id(),
               "ids stand between the start and the end");
  for (const auto id : ids) {
    FURROW_CHECK(id >= 0 && id < tokenizer().vocab_size(), "an id is of the vocabulary");
  }
  FURROW_CHECK(words.empty() || ids.size() > 2, "words have ids");
  const auto row = tokenizer().encode_padded(text);
  FURROW_CHECK(row.size() == tokenizer().model_max_length(), "a row is full");
  FURROW_CHECK(std::equal(row.begin(), row.begin() + 1, ids.begin()), "a row begins alike");

  prompt::AddedTokens added(tokenizer().vocab_size());
  FURROW_CHECK(added.add("style", 3).has_value() && added.add("b", 1).has_value(), "they are new");
  for (const auto id : tokenizer().encode(added.expand(text), added)) {
    FURROW_CHECK(id >= 0 && id < tokenizer().vocab_size() + 4, "an id is of the vocabulary");
  }
  return 0;
}
