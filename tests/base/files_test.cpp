#include "common/base/files.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_folder.h"

namespace furrow {
namespace {

using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  std::size_t entries(const std::filesystem::path& folder) const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                  std::filesystem::directory_iterator()));
  }

  const test::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(Files, ReadBackWhatWasWritten) {
  const std::string content("a\0b\nc", 5);

  ASSERT_TRUE(write_file(folder_ / "new" / "deep" / "file", content, Durability::Synced));

  EXPECT_EQ(*read_file(folder_ / "new" / "deep" / "file"), content);
}

TEST_F(Files, WritingReplacesTheWholeAndLeavesNothingBeside) {
  ASSERT_TRUE(write_file(folder_ / "file", "a long content", Durability::Cached));
  ASSERT_TRUE(write_file(folder_ / "file", "short", Durability::Cached));

  EXPECT_EQ(*read_file(folder_ / "file"), "short");
  EXPECT_EQ(entries(folder_), 1U);
}

TEST_F(Files, AReaderKeepsTheOldContentWhileItIsReplaced) {
  ASSERT_TRUE(write_file(folder_ / "file", "old", Durability::Cached));
  auto old = MappedFile::open(folder_ / "file");
  ASSERT_TRUE(old);

  ASSERT_TRUE(write_file(folder_ / "file", "new content", Durability::Cached));

  EXPECT_EQ(old->bytes(), "old");
}

TEST_F(Files, AFailedWriteLeavesTheOldContentAndNothingBeside) {
  std::filesystem::create_directories(folder_ / "taken" / "by a folder");

  const auto written = write_file(folder_ / "taken", "x", Durability::Cached);

  EXPECT_FALSE(written);
  EXPECT_EQ(entries(folder_), 1U);
}

TEST_F(Files, AMissingFileIsNotFoundAndNamed) {
  const auto content = read_file(folder_ / "missing");

  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(content.error().message, HasSubstr("missing"));
  EXPECT_EQ(MappedFile::open(folder_ / "missing").error().kind, ErrorKind::NotFound);
}

TEST_F(Files, AFolderIsNoFile) {
  EXPECT_FALSE(read_file(folder_));
}

TEST_F(Files, AMappedFileMovesWithItsView) {
  ASSERT_TRUE(write_file(folder_ / "file", "content", Durability::Cached));
  auto mapped = MappedFile::open(folder_ / "file");
  ASSERT_TRUE(mapped);
  const char* where = mapped->bytes().data();

  const MappedFile moved = *std::move(mapped);

  EXPECT_EQ(moved.bytes(), "content");
  EXPECT_EQ(moved.bytes().data(), where);
}

TEST_F(Files, AnEmptyFileMapsToNothing) {
  ASSERT_TRUE(write_file(folder_ / "file", "", Durability::Cached));

  const auto mapped = MappedFile::open(folder_ / "file");

  ASSERT_TRUE(mapped) << mapped.error().message;
  EXPECT_TRUE(mapped->bytes().empty());
}

TEST_F(Files, ALockIsHeldByOneAndFreeAfterIt) {
  {
    const auto first = lock_file(folder_ / "lock");
    ASSERT_TRUE(first && *first);

    const auto second = lock_file(folder_ / "lock");

    ASSERT_TRUE(second) << second.error().message;
    EXPECT_FALSE(second->has_value());
  }
  const auto third = lock_file(folder_ / "lock");
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->has_value());
}

TEST_F(Files, ADescriptorIsClosedWithItsOwner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    FileDescriptor first(ends[0]);
    const FileDescriptor second = std::move(first);
    EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_TRUE(second.is_open());
  }
  EXPECT_EQ(::close(ends[0]), -1);
  ::close(ends[1]);
}

TEST_F(Files, AnErrorOfTheSystemHasItsKindAndReason) {
  errno = EACCES;
  const Error denied = errno_error("cannot open the door");
  errno = ENOSPC;
  const Error full = errno_error("cannot write");

  EXPECT_EQ(denied.kind, ErrorKind::NotAllowed);
  EXPECT_EQ(denied.message, "cannot open the door: Permission denied");
  EXPECT_EQ(full.kind, ErrorKind::Io);
}

}  // namespace
}  // namespace furrow
