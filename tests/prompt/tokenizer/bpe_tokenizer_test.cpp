#include "common/prompt/tokenizer/bpe_tokenizer.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace furrow::prompt {

namespace {

using Ids = std::vector<std::int64_t>;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kClip = FURROW_TEST_DATA "/golden/clip_tokenizer";
const std::filesystem::path kEmoji = FURROW_MODELS "/emoji-diffusion/tokenizer";

json read(const std::filesystem::path& path) {
  return json::parse(std::ifstream(path));
}

const BpeTokenizer& clip() {
  static const auto tokenizer = BpeTokenizer::load(kClip).value();
  return tokenizer;
}

TEST(BpeTokenizer, GivesTheReferencesIds) {
  const auto strings = read(FURROW_TEST_DATA "/golden/tokenizer/strings/strings.json");
  ASSERT_GT(strings.size(), 100u);
  for (const auto& entry : strings) {
    EXPECT_EQ(clip().encode(entry.at("text").get<std::string>()), entry.at("ids").get<Ids>())
        << entry.at("text");
  }
}

// A vocabulary that no reference ids are at hand for: put together again, the tokens are the text.
TEST(BpeTokenizer, TokensOfASmallVocabularySpellTheText) {
  const auto tokenizer = BpeTokenizer::load(kEmoji).value();
  std::map<std::int64_t, std::string> token_of;
  const auto vocabulary = read(kEmoji / "vocab.json");
  for (const auto& [token, id] : vocabulary.items()) token_of[id.get<std::int64_t>()] = token;

  const auto ids = tokenizer.encode("A cat face with heart-eyes, rocket & 3 suns!");

  std::string spelled;
  for (const auto id : ids) spelled += token_of.at(id);
  EXPECT_EQ(spelled,
            "<|startoftext|>a</w>cat</w>face</w>with</w>heart</w>-</w>eyes</w>,</w>rocket</w>&</w>"
            "3</w>suns</w>!</w><|endoftext|>");
  EXPECT_EQ(tokenizer.vocab_size(), 2000);
  EXPECT_EQ(tokenizer.bos_id(), 1998);
  EXPECT_EQ(tokenizer.eos_id(), 1999);
  EXPECT_EQ(tokenizer.pad_id(), 1999);
}

TEST(BpeTokenizer, RowsAreCutWithTheEndTokenAndPadded) {
  EXPECT_THAT(clip().encode_padded("cat", 5), ElementsAre(49406, 2368, 49407, 49407, 49407));
  EXPECT_THAT(clip().encode_padded("cat cat cat cat", 4), ElementsAre(49406, 2368, 2368, 49407));
  EXPECT_EQ(clip().encode_padded("").size(), 77u);
  EXPECT_THAT(pad_ids({1, 5, 2}, 5, 2, 0), ElementsAre(1, 5, 2, 0, 0));
}

TEST(BpeTokenizer, GivesTheSameToManyThreads) {
  const auto expected = clip().encode("a cat");
  std::vector<std::thread> threads;
  std::vector<Ids> got(4);
  for (auto& ids : got) {
    threads.emplace_back([&ids] {
      for (int i = 0; i < 200; ++i) ids = clip().encode("a cat");
    });
  }
  for (auto& thread : threads) thread.join();

  for (const auto& ids : got) EXPECT_EQ(ids, expected);
}

class TokenizerFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    for (const auto* name : {"vocab.json", "merges.txt", "tokenizer_config.json"}) {
      std::filesystem::copy(kEmoji / name, folder_ / name);
    }
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string error() const {
    const auto tokenizer = BpeTokenizer::load(folder_);
    return tokenizer ? "" : tokenizer.error().message;
  }

  void write(const char* name, std::string_view content) const {
    std::ofstream(folder_ / name) << content;
  }

  std::filesystem::path folder_;
};

TEST_F(TokenizerFolder, AMissingVocabularyIsNamed) {
  std::filesystem::remove(folder_ / "vocab.json");

  EXPECT_THAT(error(), HasSubstr((folder_ / "vocab.json").string()));
}

TEST_F(TokenizerFolder, ABrokenVocabularyIsNamed) {
  write("vocab.json", "{\"a\": -1}");
  EXPECT_THAT(error(), HasSubstr("the token \"a\" has the id -1"));

  write("vocab.json", "[]");
  EXPECT_THAT(error(), HasSubstr("vocab.json: it is not a JSON object"));

  write("vocab.json", "{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}");
  EXPECT_THAT(error(), HasSubstr("vocab.json: it is not a JSON object"));
}

TEST_F(TokenizerFolder, MergesOfAnotherVocabularyAreNamed) {
  write("merges.txt", "#version: 0.2\nno such\n");

  EXPECT_THAT(error(), HasSubstr("the merge \"no such\""));
}

TEST_F(TokenizerFolder, ASpecialTokenOutsideTheVocabularyIsNamed) {
  write("tokenizer_config.json", R"({"bos_token": "<start>"})");

  EXPECT_THAT(error(), HasSubstr("the bos_token \"<start>\" is not in vocab.json"));
}

TEST_F(TokenizerFolder, ASpecialTokenWithoutTextIsRefused) {
  write("added_tokens.json", R"({"": 2000})");

  EXPECT_THAT(error(), HasSubstr("it has a special token without text"));
}

TEST_F(TokenizerFolder, AnAddedTokenWhoseIdIsNoNumberIsNone) {
  write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<new>"}}})");

  const auto tokenizer = BpeTokenizer::load(folder_).value();

  EXPECT_EQ(tokenizer.encode("<new>"), BpeTokenizer::load(kEmoji)->encode("<new>"));
}

TEST_F(TokenizerFolder, AddedTokensAreCutOutWhole) {
  write("added_tokens.json", R"({"<style>": 2000})");

  const auto tokenizer = BpeTokenizer::load(folder_).value();
  const auto plain = BpeTokenizer::load(kEmoji).value();

  auto expected = plain.encode("cat");
  expected.insert(expected.end() - 1, 2000);
  EXPECT_EQ(tokenizer.encode("cat<style>"), expected);
  EXPECT_EQ(tokenizer.vocab_size(), 2001);
}

TEST_F(TokenizerFolder, AnEndlessLengthIsClips) {
  write("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");

  EXPECT_EQ(BpeTokenizer::load(folder_)->model_max_length(), 77u);
}

}  // namespace

}  // namespace furrow::prompt
