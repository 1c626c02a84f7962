// Random texts thrown at the prompt language: whatever they are, reading ends, and gives a prompt
// that holds what its docstrings promise, or a fault in whole words. The seed is printed, so a text
// that breaks something can be had again.

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/utf8.h"
#include "common/prompt/attention.h"
#include "common/prompt/chunks.h"
#include "common/prompt/limits.h"
#include "common/prompt/prompt.h"

namespace furrow::prompt {

namespace {

constexpr int kTexts = 4000;
constexpr Pass kPass = {.steps = 12};

/// What the language is made of, so that random texts are often nearly right.
constexpr std::string_view kPieces[] = {"(",
                                        ")",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        ":",
                                        "|",
                                        "::",
                                        "\\",
                                        "<",
                                        ">",
                                        "<lora:",
                                        "__",
                                        "__a__",
                                        "__b__",
                                        "AND",
                                        " AND ",
                                        "BREAK",
                                        "#",
                                        "/*",
                                        "*/",
                                        "\n",
                                        " ",
                                        ",",
                                        "cat",
                                        "a",
                                        "1",
                                        "0.5",
                                        ".",
                                        "-1",
                                        "1e9",
                                        "é",
                                        "猫",
                                        "🙂",
                                        "\xFF",
                                        "\xE2\x82",
                                        "te=1",
                                        "@",
                                        "=",
                                        "{prompt}",
                                        "{a|b}",
                                        "[a|b]",
                                        "[a:b:3]",
                                        "(a:1.2)",
                                        ":0.5",
                                        "[:",
                                        "]:",
                                        "\u0301",
                                        "<|endoftext|>",
                                        std::string_view("\0", 1)};

std::string random_text(std::mt19937_64& random) {
  std::uniform_int_distribution<std::size_t> piece(0, std::size(kPieces) - 1);
  const int pieces = std::uniform_int_distribution<int>(0, 30)(random);
  std::string text;
  for (int i = 0; i < pieces; ++i) text += kPieces[piece(random)];
  return text;
}

WildcardBook a_book() {
  WildcardBook book;
  book.add("a", "x\n__b__ y\n[c|d]\n{e|f} g");
  book.add("folder/b", "(z:1.1)\n__a__");
  return book;
}

void expect_whole(const Schedule& schedule) {
  ASSERT_FALSE(schedule.texts.empty());
  ASSERT_FALSE(schedule.spans.empty());
  EXPECT_EQ(schedule.spans.back().until, kPass.steps);
  int before = 0;
  std::size_t first_unseen = 0;
  for (const Schedule::Span& span : schedule.spans) {
    EXPECT_GT(span.until, before);
    EXPECT_LE(span.text, first_unseen) << "texts are in the order of first use";
    first_unseen = std::max(first_unseen, span.text + 1);
    before = span.until;
  }
  EXPECT_EQ(first_unseen, schedule.texts.size());
}

void expect_whole(const Prompt& prompt) {
  EXPECT_TRUE(is_valid_utf8(prompt.text));
  EXPECT_LE(prompt.text.size(), kMaxPromptBytes);
  for (const Choice& choice : prompt.choices) {
    EXPECT_TRUE(is_valid_utf8(choice.written));
    EXPECT_TRUE(is_valid_utf8(choice.taken));
  }
  ASSERT_FALSE(prompt.parts.empty());
  for (const Prompt::Part& part : prompt.parts) {
    expect_whole(part.schedule);
    for (const std::string& text : part.schedule.texts) {
      EXPECT_TRUE(is_valid_utf8(text));
      const auto fragments = parse_attention(text);
      ASSERT_TRUE(fragments.has_value());
      for (const Fragment& fragment : *fragments) EXPECT_TRUE(is_valid_utf8(fragment.text));
    }
  }
}

class RandomPrompts : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomPrompts, AreReadOrRefused) {
  std::mt19937_64 random(GetParam());
  const WildcardBook book = a_book();
  Style style;
  style.prompt = "{prompt} {k}";
  style.words = {{"{k}", {"v", "(w"}}};
  const std::vector<const Style*> styles = {&style};
  int read = 0;
  for (int i = 0; i < kTexts; ++i) {
    const std::string text = random_text(random);
    const PromptSource source = {.text = text,
                                 .side = i % 2 == 0 ? Side::Positive : Side::Negative,
                                 .seed = random(),
                                 .pass = kPass,
                                 .styles = styles,
                                 .wildcards = &book};
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ", text " + std::to_string(i) + ": " +
                 well_formed_utf8(text));

    const auto prompt = read_prompt(source);

    if (prompt) {
      expect_whole(*prompt);
      EXPECT_EQ(read_prompt(source).value(), *prompt);
      ++read;
    } else {
      EXPECT_TRUE(is_valid_utf8(prompt.error().message));
      EXPECT_EQ(prompt.error().kind, ErrorKind::Invalid);
      EXPECT_EQ(prompt.error().message.back(), '.') << prompt.error().message;
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(read, kTexts / 20) << "random texts are hardly ever right";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPrompts, testing::Values(1, 2, 3, 4, 5, 6, 7, 8));

/// The largest prompt that is taken, of one piece over and over.
class RepeatedPieces : public testing::TestWithParam<std::string_view> {};

TEST_P(RepeatedPieces, AreReadOrRefused) {
  std::string text;
  while (text.size() + GetParam().size() <= kMaxPromptBytes) text += GetParam();

  const auto prompt = read_prompt({.text = text, .pass = kPass});

  if (prompt) {
    expect_whole(*prompt);
  } else {
    EXPECT_LT(prompt.error().message.size(), 600U);
  }
}

INSTANTIATE_TEST_SUITE_P(Pieces, RepeatedPieces,
                         testing::Values("(", "[", "{", "[a:", "[a|", "{a|", "(a", "(a:", "a)",
                                         "a]", "\\", "[a]", "(a)", "{a|b}", "[a|b]", "[a:b:3]",
                                         "[a:3]", "<lora:x>", "<lora:", "<", "__", "__a", "BREAK ",
                                         "AND ", "a AND ", "#", "/*", "/**/", "#\n", ":", "|", "a ",
                                         "é", "\xFF", "[(", "(]", "[a:b:0.5] (c:1.1)",
                                         "{2::a|b:3}"));

TEST(RandomChunks, KeepEveryToken) {
  const auto tokenizer = BpeTokenizer::load(FURROW_TEST_DATA "/golden/clip_tokenizer").value();
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::string text;
    for (int i = 0; i < 12; ++i) text += random_text(random);
    const auto fragments = parse_attention(well_formed_utf8(text));
    if (!fragments) continue;
    std::size_t tokens = 0;
    for (const Fragment& fragment : *fragments)
      tokens += tokenizer.encode(fragment.text).size() - 2;

    std::size_t kept = 0;
    for (const Chunk& chunk : chunk_fragments(tokenizer, *fragments)) {
      kept += chunk.tokens;
      EXPECT_EQ(chunk.ids.size(), 77U);
      EXPECT_EQ(chunk.weights.size(), 77U);
      EXPECT_LE(chunk.tokens, 75U);
      std::size_t of_runs = 0;
      for (const Chunk::Run& run : chunk.runs) of_runs += run.tokens;
      EXPECT_EQ(of_runs, chunk.tokens);
    }
    EXPECT_EQ(kept, tokens);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace

}  // namespace furrow::prompt
