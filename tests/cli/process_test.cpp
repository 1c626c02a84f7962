// Real child processes of this machine: sh and sleep.
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/process/child.h"
#include "cli/process/service.h"

namespace furrow::cli {

namespace {

constexpr int kLongMs = 20'000;  // a bound for what is awaited, never waited out

std::filesystem::path log_named(const std::string& name) {
  const auto log = std::filesystem::path(testing::TempDir()) / "logs" / name;
  std::filesystem::remove(log);
  return log;
}

TEST(Child, TellsHowItEnded) {
  auto ended = *Child::spawn("/bin/sh", {"-c", "exit 7"}, {});
  EXPECT_EQ(ended.wait_ending(kLongMs), (Ending{7, 0}));

  auto killed = *Child::spawn("/bin/sleep", {"1000"}, {});
  EXPECT_FALSE(killed.poll_ending());
  killed.signal(SIGTERM);
  EXPECT_EQ(killed.wait_ending(kLongMs), (Ending{0, SIGTERM}));
}

TEST(Child, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    auto child = *Child::spawn("/bin/sleep", {"1000"}, {});
    pid = child.pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
}

TEST(Child, AProgramThatIsNotThereIsASentence) {
  const auto child = Child::spawn("/nowhere/furrow-worker", {}, {});

  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(child.error().message, testing::HasSubstr("/nowhere/furrow-worker"));
}

TEST(Service, IsStartedAgainAfterACrashWhenItIsTime) {
  Service service("worker", "/bin/sh", {"-c", "exit 1"}, log_named("crash.log"));
  ASSERT_TRUE(service.start());
  Instant now;
  std::optional<Service::Event> crashed;
  while (!crashed) crashed = service.look_after(now);
  EXPECT_THAT(crashed->text, testing::HasSubstr("the worker ended with exit code 1"));
  EXPECT_FALSE(crashed->given_up);

  EXPECT_FALSE(service.look_after(now));
  const auto again = service.look_after(now + std::chrono::seconds(1));

  ASSERT_TRUE(again);
  EXPECT_EQ(again->text, "the worker is started again");
}

TEST(Service, IsNotStartedAgainWhenItRefuses) {
  Service service("coordinator", "/bin/sh", {"-c", "echo the folder is taken; exit 7"},
                  log_named("refusal.log"));
  ASSERT_TRUE(service.start());
  std::optional<Service::Event> ended;
  while (!ended) ended = service.look_after(Instant());

  EXPECT_TRUE(ended->given_up);
  EXPECT_EQ(service.last_ending(), (Ending{7, 0}));
  EXPECT_THAT(service.last_words(5), testing::ElementsAre("the folder is taken"));
}

}  // namespace

}  // namespace furrow::cli
