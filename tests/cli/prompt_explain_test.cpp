// furrow prompt explain, as it is run.
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output/json.h"
#include "cli/prompt_files.h"
#include "common/base/files.h"
#include "common/config/exit_code.h"
#include "tests/support/temporary_folder.h"

namespace furrow::cli {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kModel = FURROW_TEST_DATA "/../worker/assets/emoji-diffusion";

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran explained(const std::string& text, std::vector<std::string> flags = {}) {
  std::vector<std::string> words = {"prompt", "explain", text, "--model", kModel};
  words.insert(words.end(), flags.begin(), flags.end());
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, {}, {}};
  const auto asked = read_command_line(command_table(), words);
  if (!asked) return {config::exit_code(asked.error().kind), "", asked.error().message};
  const auto code = asked->command->run(asked->arguments, console);
  if (code) return {*code, out.str(), err.str()};
  return {config::exit_code(code.error().kind), out.str(), code.error().message};
}

Json json_of(const std::string& text, std::vector<std::string> flags = {}) {
  flags.push_back("--json");
  const Ran ran = explained(text, std::move(flags));
  EXPECT_EQ(ran.code, config::kExitOk) << ran.err;
  return Json::parse(ran.out, nullptr, /*allow_exceptions=*/false);
}

void write(const std::filesystem::path& file, const std::string& text) {
  ASSERT_TRUE(write_file(file, text, Durability::Cached).has_value());
}

TEST(PromptExplain, ShowsChunksWithTokensAndWeights) {
  const Json json = json_of("a (cat face:1.5) BREAK rocket");

  EXPECT_EQ(json["schema"], "furrow.prompt/1");
  const Json& chunks = json["parts"][0]["texts"][0]["chunks"];
  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_EQ(chunks[0]["tokens"], 3);
  EXPECT_EQ(chunks[0]["pieces"][1],
            Json::parse(R"({"text": "cat face", "weight": 1.5, "tokens": 2})"));
  EXPECT_EQ(chunks[1]["pieces"][0]["text"], "rocket");
  EXPECT_EQ(json["chunk_room"], 75);
}

TEST(PromptExplain, ShowsTheSchedule) {
  const Json json = json_of("[cat:dog:0.25] AND [a|b] :0.5", {"--steps", "4"});

  ASSERT_THAT(json["parts"], SizeIs(2));
  EXPECT_EQ(json["parts"][0]["schedule"],
            Json::parse(R"([{"until_step": 1, "text": 0}, {"until_step": 4, "text": 1}])"));
  EXPECT_EQ(json["parts"][1]["weight"], 0.5);
  EXPECT_THAT(json["parts"][1]["schedule"], SizeIs(4));
  EXPECT_EQ(json_of("[a:b:10]")["parts"][0]["schedule"][1]["until_step"], 20);
}

TEST(PromptExplain, ShowsChoicesCommentsAndNetworks) {
  const Json json = json_of("a {red|red} cat <lora:fur:0.8:out=0> # mine", {"--seed", "7"});

  EXPECT_EQ(json["text"], "a red cat <lora:fur:0.8:out=0> ");
  EXPECT_EQ(json["choices"][0], Json::parse(R"({"written": "{red|red}", "taken": "red"})"));
  EXPECT_EQ(json["comments"][0], "mine");
  EXPECT_EQ(json["networks"][0]["written"], "<lora:fur:0.8:out=0>");
  EXPECT_EQ(json["loras"][0]["text_encoder"], 0.8);
  EXPECT_EQ(json["loras"][0]["out"], 0);
  EXPECT_EQ(json["seed"], 7);
}

TEST(PromptExplain, ReadsWildcardsAndStylesFromFiles) {
  const test::TemporaryFolder folder;
  write(folder.path() / "lists/animal/pet.txt", "cat\n");
  write(folder.path() / "styles/art/oil.json", R"({"name": "oil", "prompt": "{prompt}, oil"})");
  write(folder.path() / "styles/styles.csv", "name,prompt,negative_prompt\nblurred,blur,sharp\n");
  const std::vector<std::string> flags = {"--wildcards", (folder.path() / "lists").string(),
                                          "--styles",    (folder.path() / "styles").string(),
                                          "--style",     "art/oil",
                                          "--style",     "blurred"};

  EXPECT_EQ(json_of("a __pet__", flags)["text"], "a cat, oil, blur");

  auto negative = flags;
  negative.push_back("--negative");
  const Json json = json_of("a dog AND b", negative);
  EXPECT_EQ(json["text"], "a dog AND b, sharp");
  EXPECT_EQ(json["field"], "negative_prompt");
  EXPECT_THAT(json["parts"], SizeIs(1));
}

TEST(PromptExplain, ShowsPeopleATableForEachText) {
  const Ran ran = explained("a (cat:1.3) [face|rocket] {x|x}", {"--steps", "12"});

  EXPECT_EQ(ran.code, config::kExitOk);
  EXPECT_THAT(ran.out, HasSubstr("text      a (cat:1.3) [face|rocket] x\n"));
  EXPECT_THAT(ran.out, HasSubstr("choice    {x|x} -> x\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nstep 1, 3, 5, 7, ... of 12\n"));
  EXPECT_THAT(ran.out, HasSubstr("    1    4/75       1       1  a\n"
                                 "                    1     1.3  cat\n"
                                 "                    2       1  face x\n"));
}

TEST(PromptExplain, SaysWhatItCannotRead) {
  EXPECT_EQ(explained("[a:b:c]").code, config::kExitUsage);
  EXPECT_THAT(explained("[a:b:c]").err, HasSubstr("prompt: character 1"));
  EXPECT_THAT(explained("a", {"--style", "oil"}).err, HasSubstr("no style \"oil\""));
  EXPECT_THAT(explained("a", {"--wildcards", "/nowhere"}).err, HasSubstr("/nowhere"));
  EXPECT_THAT(explained("a", {"--styles", "/nowhere.csv"}).err, HasSubstr("/nowhere.csv"));
  EXPECT_THAT(explained("a", {"--steps", "0"}).err, HasSubstr("--steps"));
}

TEST(TokenizerFolder, SaysWhereItLooked) {
  const auto folder = tokenizer_folder("no-such-model", "/nowhere");

  EXPECT_EQ(folder.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(folder.error().message, HasSubstr("no-such-model"));
}

}  // namespace

}  // namespace furrow::cli
