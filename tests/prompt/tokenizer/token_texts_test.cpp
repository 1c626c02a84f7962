#include "common/prompt/tokenizer/token_texts.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "common/prompt/tokenizer/bpe_tokenizer.h"

namespace furrow::prompt {

namespace {

const std::filesystem::path kClip = FURROW_TEST_DATA "/golden/clip_tokenizer";

std::string spelled(const std::string& text) {
  static const auto tokenizer = BpeTokenizer::load(kClip).value();
  static const auto texts = TokenTexts::load(kClip).value();
  const auto ids = tokenizer.encode(text);
  return texts.spell(std::span(ids).subspan(1, ids.size() - 2));
}

TEST(TokenTexts, SpellWhatWasEncoded) {
  EXPECT_EQ(spelled("A  cat, with héart-éyes 猫🙂!"), "a cat , with héart - éyes 猫 🙂!");
  EXPECT_EQ(spelled(""), "");
}

TEST(TokenTexts, AreUtf8WhereACharacterIsCut) {
  const auto texts = TokenTexts::load(kClip).value();
  const auto ids = BpeTokenizer::load(kClip).value().encode("猫");

  EXPECT_EQ(texts.spell(std::span(ids).subspan(1, 1)).substr(0, 3), "\uFFFD");
  EXPECT_EQ(texts.spell(std::array{std::int64_t{1} << 40}), "\uFFFD");
}

TEST(TokenTexts, NameAFileThatIsMissing) {
  EXPECT_EQ(TokenTexts::load("/nowhere").error().kind, ErrorKind::NotFound);
}

}  // namespace

}  // namespace furrow::prompt
