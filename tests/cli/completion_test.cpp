#include "cli/completion.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/process/child.h"
#include "common/base/files.h"

namespace furrow::cli {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

Completion completed(const std::vector<std::string>& typed) {
  return complete(command_table(), typed, [] {
    return std::vector<std::string>{"last", "12", "first"};
  });
}

TEST(Completion, OffersCommandsAndTheirSecondWords) {
  EXPECT_THAT(completed({"su"}).words, ElementsAre("submit"));
  EXPECT_THAT(completed({""}).words, Contains("job"));
  EXPECT_THAT(completed({"job", "wa"}).words, ElementsAre("watch", "wait"));
}

TEST(Completion, OffersTheFlagsOfTheCommand) {
  EXPECT_THAT(completed({"submit", "--st"}).words, ElementsAre("--steps"));
  EXPECT_THAT(completed({"job", "list", "--"}).words, Contains("--data"));
}

TEST(Completion, OffersJobsOnlyWhereOneIsWanted) {
  EXPECT_THAT(completed({"job", "show", ""}).words, ElementsAre("last", "12", "first"));
  EXPECT_THAT(completed({"job", "show", "f"}).words, ElementsAre("first"));
  EXPECT_THAT(completed({"version", ""}).words, IsEmpty());
}

TEST(Completion, OffersWhatAValueMayBe) {
  EXPECT_THAT(completed({"submit", "--sampler", "eu"}).words, Contains("euler_a"));
  EXPECT_TRUE(completed({"submit", "--spec", ""}).files);
  EXPECT_TRUE(completed({"submit", "-f", ""}).files);
  EXPECT_TRUE(completed({"status", "--data", ""}).folders);
  EXPECT_TRUE(completed({"png-info", ""}).files);
}

TEST(Completion, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_THAT(completed({"xyzzy", ""}).words, IsEmpty());
  EXPECT_THAT(completed({}).words, IsEmpty());
}

TEST(CompletionScript, OfBashIsOneThatBashReads) {
  const auto file = std::filesystem::path(testing::TempDir()) / "furrow.bash";
  ASSERT_TRUE(write_file(file, completion_script("bash"), Durability::Cached));

  auto bash = *Child::spawn("/bin/bash", {"-n", file.string()}, {});

  EXPECT_EQ(bash.wait_ending(20'000), (Ending{0, 0}));
}

TEST(CompletionScript, ThereIsOneForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(completion_script(shell), testing::HasSubstr("furrow __complete")) << shell;
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

}  // namespace

}  // namespace furrow::cli
