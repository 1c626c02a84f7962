#include "worker/agent/input_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace furrow::worker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace fs = std::filesystem;

class InputCacheTest : public testing::Test {
 protected:
  void keep(const std::string& content) {
    auto incoming = cache_.begin(sha256(content));
    ASSERT_TRUE(incoming) << incoming.error().message;
    ASSERT_TRUE(incoming->append(content));
    ASSERT_TRUE(incoming->finish());
  }

  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(folder_.path())) count += file.exists() ? 1 : 0;
    return count;
  }

  test::TemporaryFolder folder_;
  InputCache cache_{folder_.path()};
};

TEST_F(InputCacheTest, AFinishedInputIsFoundByItsDigest) {
  EXPECT_FALSE(cache_.find(sha256("cat")));

  keep("cat");

  const auto path = cache_.find(sha256("cat"));
  ASSERT_TRUE(path);
  EXPECT_EQ(*read_file(*path), "cat");
}

TEST_F(InputCacheTest, AnUnfinishedOneLeavesNothing) {
  {
    auto incoming = cache_.begin(sha256("cat"));
    ASSERT_TRUE(incoming->append("ca"));
    EXPECT_FALSE(cache_.find(sha256("cat")));
  }

  EXPECT_EQ(files(), 0U);
}

TEST_F(InputCacheTest, OtherBytesThanTheDigestsAreRefused) {
  auto incoming = cache_.begin(sha256("cat"));
  ASSERT_TRUE(incoming->append("dog"));

  const auto finished = incoming->finish();

  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().message, HasSubstr("damaged"));
  EXPECT_FALSE(cache_.find(sha256("cat")));
}

TEST_F(InputCacheTest, AFileThatWasDamagedOnDiskIsNotFoundAndGoes) {
  keep("cat");
  ASSERT_TRUE(write_file(folder_.path() / sha256("cat").hex(), "cut", Durability::Cached));

  EXPECT_FALSE(cache_.find(sha256("cat")));
  EXPECT_EQ(files(), 0U);
}

TEST_F(InputCacheTest, RecoversTheLeastRecentlyUsedFirstAndSweepsTheRest) {
  keep("cat");
  keep("dog!");
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(folder_.path() / sha256("cat").hex(), now - std::chrono::hours(1));
  fs::last_write_time(folder_.path() / sha256("dog!").hex(), now - std::chrono::hours(2));
  ASSERT_TRUE(
      write_file(folder_.path() / (sha256("owl").hex() + ".incoming"), "ow", Durability::Cached));

  const auto left = cache_.recover();

  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].digest, sha256("dog!"));
  EXPECT_EQ(left[0].bytes, 4U);
  EXPECT_EQ(left[1].digest, sha256("cat"));
  EXPECT_EQ(files(), 2U);
}

TEST_F(InputCacheTest, WithoutItsFolderNothingIsLeft) {
  EXPECT_THAT(InputCache(folder_.path() / "none").recover(), IsEmpty());
}

TEST_F(InputCacheTest, AFolderThatCannotBeMadeIsAnError) {
  ASSERT_TRUE(write_file(folder_.path() / "file", "", Durability::Cached));

  const auto incoming = InputCache(folder_.path() / "file").begin(sha256("cat"));

  ASSERT_FALSE(incoming);
  EXPECT_THAT(incoming.error().message, HasSubstr("file"));
}

}  // namespace
}  // namespace furrow::worker
