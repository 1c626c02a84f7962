#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "common/prompt/tokenizer/token_texts.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file.h"

// A tokenizer's five files, each ended by a zero, then a text. What it gives are ids of its
// vocabulary, and they can be spelled.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  static const fuzz::MemoryFolder kFolder;
  fuzz::FuzzInput input(data, size);
  for (const char* file : {"vocab.json", "merges.txt", "tokenizer_config.json",
                           "special_tokens_map.json", "added_tokens.json"}) {
    const auto content = input.take_text();
    const bool may_miss = std::string_view(file).substr(0, 5) != "vocab" && content.empty();
    kFolder.write(file, may_miss && file[0] != 'm' ? "{}" : content);
  }
  const auto text = input.rest();

  const auto tokenizer = prompt::BpeTokenizer::load(kFolder.path());

  if (!tokenizer) {
    FURROW_CHECK(is_valid_utf8(tokenizer.error().message), "a message can be shown");
    return 0;
  }
  const auto ids = tokenizer->encode(text);
  for (const auto id : ids) {
    FURROW_CHECK(id >= 0 && id < tokenizer->vocab_size(), "an id is of the vocabulary");
  }
  FURROW_CHECK(tokenizer->encode("cat").size() > 2, "a word has ids");
  FURROW_CHECK(tokenizer->model_max_length() >= 2, "there is room for the start and the end");
  FURROW_CHECK(tokenizer->encode_padded(text).size() == tokenizer->model_max_length(),
               "a row is full");
  const auto texts = prompt::TokenTexts::load(kFolder.path());
  FURROW_CHECK(texts.has_value(), "the same files are read");
  FURROW_CHECK(is_valid_utf8(texts->spell(ids)), "a spelling can be shown");
  return 0;
}
