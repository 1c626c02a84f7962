#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"

namespace furrow::cli {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Invocation> read(const std::vector<std::string>& words) {
  return read_command_line(command_table(), words);
}

std::string refusal(const std::vector<std::string>& words) {
  const auto asked = read(words);
  if (asked) return "";
  EXPECT_EQ(asked.error().kind, ErrorKind::Invalid);
  return asked.error().message;
}

TEST(CommandLine, FindsCommandsOfOneAndTwoWords) {
  EXPECT_EQ(read({"status"})->command->name, "status");
  EXPECT_EQ(read({"job", "list"})->command->name, "job list");
  EXPECT_THAT(read({"job", "show", "last"})->arguments.operands(), ElementsAre("last"));
}

TEST(CommandLine, ReadsTheExampleOfTheDesignVerbatim) {
  const auto asked = read({"submit",
                           "--model",
                           "emoji-diffusion",
                           "--prompt",
                           "a cat face",
                           "--steps",
                           "20",
                           "--cfg",
                           "6",
                           "--sampler",
                           "Euler a",
                           "--size",
                           "128x128",
                           "--seed",
                           "1",
                           "-x",
                           "Prompt S/R: cat face, dog face, rocket",
                           "-y",
                           "CFG scale: 1-9 (+2)",
                           "-z",
                           "Seed: 1-4",
                           "--name",
                           "first",
                           "--wait",
                           "--sheet",
                           "grid.png"});

  ASSERT_TRUE(asked) << asked.error().message;
  const Arguments& given = asked->arguments;
  EXPECT_EQ(given.text("prompt"), "a cat face");
  EXPECT_EQ(given.text("x"), "Prompt S/R: cat face, dog face, rocket");
  EXPECT_EQ(given.text("z"), "Seed: 1-4");
  EXPECT_EQ(given.text("sheet"), "grid.png");
  EXPECT_TRUE(given.has("wait"));
  EXPECT_FALSE(given.has("json"));
}

TEST(CommandLine, TakesValuesThatBeginWithAMinus) {
  const auto asked =
      read({"submit", "--seed", "-1", "--axis", "Seed: -1, -1", "--axis=Steps: 1-3"});

  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->arguments.text("seed"), "-1");
  EXPECT_THAT(asked->arguments.texts("axis"), ElementsAre("Seed: -1, -1", "Steps: 1-3"));
}

TEST(CommandLine, TakesCommonFlagsBeforeAndAfterTheCommand) {
  EXPECT_EQ(read({"--data", "/d", "status"})->arguments.text("data"), "/d");
  EXPECT_EQ(read({"--data=/d", "job", "list"})->arguments.text("data"), "/d");
  EXPECT_EQ(read({"status", "--coordinator", "node1"})->arguments.text("coordinator"), "node1");
}

TEST(CommandLine, NamesTheNearestCommand) {
  EXPECT_THAT(refusal({"sumbit"}), HasSubstr("Did you mean \"submit\"?"));
  EXPECT_THAT(refusal({"job", "lst"}), HasSubstr("Did you mean \"list\"?"));
  EXPECT_THAT(refusal({"xyzzy"}), HasSubstr("is not a furrow command. See: furrow --help"));
}

TEST(CommandLine, NamesTheNearestFlag) {
  const auto text = refusal({"submit", "--promt", "x"});
  EXPECT_THAT(text, HasSubstr("furrow submit has no flag --promt."));
  EXPECT_THAT(text, HasSubstr("Did you mean \"--prompt\"?"));
  EXPECT_THAT(text, HasSubstr("furrow submit --help"));
}

TEST(CommandLine, DoesNotGuessAtCutFlags) {
  EXPECT_THAT(refusal({"submit", "--prom", "x"}), HasSubstr("has no flag --prom"));
}

TEST(CommandLine, SaysWhatIsMissingOrTooMuch) {
  EXPECT_THAT(refusal({"job"}), HasSubstr("list, show, watch"));
  EXPECT_THAT(refusal({"job", "show"}), HasSubstr("furrow job show needs J"));
  EXPECT_THAT(refusal({"job", "show", "1", "2"}), HasSubstr("what to do with \"2\""));
  EXPECT_THAT(refusal({"submit", "--steps"}), HasSubstr("--steps needs a value"));
  EXPECT_THAT(refusal({"submit", "--steps", "1", "--steps", "2"}),
              HasSubstr("--steps is given twice"));
  EXPECT_THAT(refusal({"submit", "--wait=yes"}), HasSubstr("--wait takes no value"));
  EXPECT_THAT(refusal({"--data", "/d"}), HasSubstr("no command behind --data"));
}

TEST(CommandLine, HelpIsAskedForInEveryPlace) {
  EXPECT_TRUE(read({"--help"})->help);
  EXPECT_EQ(read({})->command, nullptr);
  EXPECT_FALSE(read({})->help);
  EXPECT_TRUE(read({"job", "--help"})->help);
  EXPECT_EQ(read({"job", "show", "--help"})->command->name, "job show");
  EXPECT_EQ(read({"submit", "--bogus", "-h"})->command->name, "submit");
}

TEST(CommandLine, EveryCommandHasAPageThatNamesAllItsFlags) {
  for (const Command& command : command_table()) {
    EXPECT_FALSE(command.summary.empty());
    const auto page = command_help(command, 80);
    for (const Flag& flag : command.flags) {
      EXPECT_THAT(page, HasSubstr("--" + std::string(flag.name))) << command.name;
    }
    EXPECT_THAT(general_help(command_table(), 80), HasSubstr(std::string(command.name)));
  }
}

TEST(CommandLine, EveryTableRowCanBeReadByTheFlagReader) {
  for (const Command& command : command_table()) {
    std::vector<std::string> words;
    const auto space = command.name.find(' ');
    words.emplace_back(command.name.substr(0, space));
    if (space != std::string_view::npos) words.emplace_back(command.name.substr(space + 1));
    for (const Flag& flag : command.flags) {
      words.push_back("--" + std::string(flag.name));
      if (!flag.value.empty()) words.emplace_back("1");
    }
    for (int i = 0; i < command.operand.least; ++i) words.emplace_back("1");
    const auto asked = read(words);
    EXPECT_TRUE(asked) << command.name << ": " << asked.error().message;
  }
}

TEST(Arguments, NamesTheFlagAndTheRangeOfAWrongNumber) {
  Arguments arguments;
  arguments.add_flag("limit", "many");

  const auto limit = arguments.integer("limit", 1, 100);

  ASSERT_FALSE(limit);
  EXPECT_EQ(limit.error().message, "--limit takes a whole number from 1 to 100, not \"many\".");
  EXPECT_FALSE(arguments.integer("limit", 1).has_value());
  EXPECT_FALSE(*arguments.integer("absent", 1));
}

}  // namespace

}  // namespace furrow::cli
