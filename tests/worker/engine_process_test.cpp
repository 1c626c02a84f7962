#include "worker/agent/engine_process.h"

#include <chrono>
#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"

namespace furrow::worker {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Duration kBound = 20s;

/// A shell script in the place of an engine. The channel is on descriptor $2.
EngineCommand a_script(const test::TemporaryFolder& folder, const std::string& body) {
  const auto path = folder.path() / "engine";
  EXPECT_TRUE(write_file(path, "#!/bin/bash\n" + body, Durability::Cached));
  ::chmod(path.c_str(), 0755);
  EngineCommand command;
  command.words = {path.string()};
  return command;
}

TEST(EngineCommand, SplitsWordsAsAShellDoes) {
  const auto command = EngineCommand::parse("sh -c 'two words' \"and more\"");

  ASSERT_TRUE(command);
  EXPECT_THAT(command->words, ElementsAre(HasSubstr("/sh"), "-c", "two words", "and more"));
}

TEST(EngineCommand, SaysWhereItLookedForAProgramThatIsNotThere) {
  const auto command = EngineCommand::parse("no-such-engine --fast");

  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(command.error().message, HasSubstr("no-such-engine"));
  EXPECT_EQ(EngineCommand::parse("/nowhere/engine").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(EngineCommand::parse("  ").error().kind, ErrorKind::Invalid);
}

TEST(EngineCommand, AddsWhatEveryEngineIsTold) {
  EngineCommand command;
  command.words = {"engine", "--profile", "x"};
  EXPECT_THAT(command.for_device("cuda:1", 9),
              ElementsAre("engine", "--profile", "x", "--fd", "9", "--device", "cuda:1"));

  command.precision = "bf16";
  command.max_batch = 4;
  EXPECT_THAT(command.for_device("cpu", 3),
              ElementsAre("engine", "--profile", "x", "--fd", "3", "--device", "cpu", "--precision",
                          "bf16", "--max-batch", "4"));
}

TEST(LogTail, KeepsTheLastWholeLines) {
  LogTail tail;
  EXPECT_THAT(tail.add("one\ntw"), ElementsAre("one"));
  EXPECT_THAT(tail.add("o\nthree"), ElementsAre("two"));
  EXPECT_EQ(tail.text(), "one\ntwo\nthree");
}

TEST(LogTail, IsBoundedInLinesAndInTheirLength) {
  LogTail tail;
  for (std::size_t i = 0; i < 10 * LogTail::kMaxLines; ++i) {
    tail.add(std::string(3 * LogTail::kMaxLineBytes, 'x') + "\n");
  }
  EXPECT_LE(tail.text().size(), LogTail::kMaxLines * (LogTail::kMaxLineBytes + 1));
}

TEST(EngineProcess, SpeaksWithItsAgentOverTheInheritedSocket) {
  const test::TemporaryFolder folder;
  // EngineHello with protocol 1, when it is told anything.
  const auto command =
      a_script(folder, R"(head -c 6 <&$2 >/dev/null; printf '\4\0\0\0\012\2\10\1' >&$2)");
  auto engine = EngineProcess::start(command, "cpu");
  ASSERT_TRUE(engine) << engine.error().message;
  v1::ToEngine stop;
  stop.mutable_stop();

  ASSERT_TRUE(engine->channel().send(stop));
  const auto received = engine->channel().receive<v1::FromEngine>();

  ASSERT_TRUE(received && *received);
  EXPECT_EQ((*received)->message.hello().protocol(), 1u);
}

TEST(EngineProcess, SaysWithWhichCodeItExited) {
  const test::TemporaryFolder folder;
  auto engine = EngineProcess::start(a_script(folder, "exit 3\n"), "cpu");
  ASSERT_TRUE(engine);

  const auto exit = engine->wait(kBound);

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->words, "exited with code 3");
  EXPECT_FALSE(exit->out_of_memory);
  EXPECT_FALSE(engine->exited()) << "it says so once";
}

TEST(EngineProcess, SaysBySignalWhatKilledItAndKeepsItsLastWords) {
  const test::TemporaryFolder folder;
  auto engine =
      EngineProcess::start(a_script(folder, "echo 'cannot go on' >&2\nkill -SEGV $$\n"), "cpu");
  ASSERT_TRUE(engine);

  const auto exit = engine->wait(kBound);
  engine->read_log();

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->words, "was killed by signal 11 (Segmentation fault)");
  EXPECT_THAT(engine->log_tail(), HasSubstr("cannot go on"));
}

TEST(EngineProcess, TakesItsOwnChildrenWithIt) {
  const test::TemporaryFolder folder;
  auto engine = EngineProcess::start(a_script(folder, "sleep 1000 & echo $! >&2; wait\n"), "cpu");
  ASSERT_TRUE(engine);
  std::vector<std::string> lines;
  while (lines.empty()) lines = engine->read_log();
  const FileDescriptor child(
      static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(lines.front()), 0)));
  ASSERT_TRUE(child.is_open());

  engine->kill();
  const auto exit = engine->wait(kBound);

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->words, "was killed by signal 9 (Killed)");
  pollfd end{child.get(), POLLIN, 0};
  const auto bound = std::chrono::duration_cast<std::chrono::milliseconds>(kBound);
  EXPECT_EQ(::poll(&end, 1, static_cast<int>(bound.count())), 1) << "the child lives on";
}

TEST(EngineProcess, AProgramThatCannotBeRunIsAnErrorAndNoChild) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "engine";
  ASSERT_TRUE(write_file(path, "#!/nowhere/interpreter\n", Durability::Cached));
  ::chmod(path.c_str(), 0755);
  EngineCommand command;
  command.words = {path.string()};

  const auto engine = EngineProcess::start(command, "cpu");

  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().message, HasSubstr(path.string()));
}

TEST(EngineProcess, IsGoneWithItsObject) {
  const test::TemporaryFolder folder;
  pid_t pid = -1;
  {
    auto engine = EngineProcess::start(a_script(folder, "sleep 1000\n"), "cpu");
    ASSERT_TRUE(engine);
    pid = engine->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace furrow::worker
