#include "common/model/file_hashes.h"

#include <chrono>

#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"

namespace furrow::model {
namespace {

class FileHashesTest : public testing::Test {
 protected:
  void write(std::string_view name, std::string_view content) {
    ASSERT_TRUE(write_file(folder_ / name, content, Durability::Cached));
  }

  const test::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  const std::filesystem::path cache_ = folder_ / "cache.json";
};

TEST_F(FileHashesTest, AFileIsReadOnceUntilItChanges) {
  write("a", "abc");
  FileHashes hashes;

  EXPECT_EQ(*hashes.hash_of(folder_ / "a"), sha256("abc"));
  EXPECT_EQ(*hashes.hash_of(folder_ / "a"), sha256("abc"));
  EXPECT_EQ(hashes.files_read(), 1U);

  write("a", "abcd");
  EXPECT_EQ(*hashes.hash_of(folder_ / "a"), sha256("abcd"));
  EXPECT_EQ(hashes.files_read(), 2U);
}

TEST_F(FileHashesTest, ANewTimeMeansANewContent) {
  write("a", "abc");
  FileHashes hashes;
  ASSERT_TRUE(hashes.hash_of(folder_ / "a"));

  write("a", "xyz");
  std::filesystem::last_write_time(
      folder_ / "a", std::filesystem::last_write_time(folder_ / "a") + std::chrono::seconds(5));

  EXPECT_EQ(*hashes.hash_of(folder_ / "a"), sha256("xyz"));
}

TEST_F(FileHashesTest, TheTensorsHashLeavesTheHeaderOut) {
  const std::string length("\x02\0\0\0\0\0\0\0", 8);
  write("a.safetensors", length + "{}data");
  FileHashes hashes;

  EXPECT_EQ(*hashes.tensors_hash_of(folder_ / "a.safetensors"), sha256("data"));
  EXPECT_EQ(*hashes.hash_of(folder_ / "a.safetensors"), sha256(length + "{}data"));

  ASSERT_TRUE(hashes.save(cache_));
  FileHashes later = FileHashes::load(cache_);
  EXPECT_EQ(*later.tensors_hash_of(folder_ / "a.safetensors"), sha256("data"));
  EXPECT_EQ(later.files_read(), 0U);
}

TEST_F(FileHashesTest, AFileShorterThanItsHeaderHasNoTensorsHash) {
  FileHashes hashes;
  for (const std::string& content : {std::string("short"), std::string("\x09\0\0\0\0\0\0\0{}", 10),
                                     std::string(9, '\xff'), std::string()}) {
    write("a", content);
    const auto hash = hashes.tensors_hash_of(folder_ / "a");
    ASSERT_FALSE(hash);
    EXPECT_EQ(hash.error().kind, ErrorKind::Invalid);
  }
}

TEST_F(FileHashesTest, TheCacheSavesTheReading) {
  write("a", "abc");
  FileHashes first;
  ASSERT_TRUE(first.hash_of(folder_ / "a"));
  ASSERT_TRUE(first.save(cache_));

  FileHashes second = FileHashes::load(cache_);

  EXPECT_EQ(*second.hash_of(folder_ / "a"), sha256("abc"));
  EXPECT_EQ(second.files_read(), 0U);
}

TEST_F(FileHashesTest, ADamagedCacheIsAsGoodAsNone) {
  write("a", "abc");
  for (const std::string_view text :
       {"", "{", "[]", "5", R"({"schema": "furrow.file-hashes/1"})",
        R"({"schema": "furrow.file-hashes/1", "files": [5]})",
        R"({"schema": "furrow.file-hashes/1", "files": [{"path": 1}]})",
        R"({"schema": "furrow.file-hashes/1", "files": [{"path": "a", "size": 3, "changed_at": 1,
            "sha256": "00"}]})",
        R"({"schema": "another/1", "files": []})"}) {
    write("cache.json", text);
    FileHashes hashes = FileHashes::load(cache_);
    EXPECT_EQ(*hashes.hash_of(folder_ / "a"), sha256("abc")) << text;
    EXPECT_EQ(hashes.files_read(), 1U) << text;
  }
}

TEST_F(FileHashesTest, FilesThatAreGoneAreForgotten) {
  write("a", "abc");
  write("b", "bcd");
  FileHashes hashes;
  ASSERT_TRUE(hashes.hash_of(folder_ / "a"));
  ASSERT_TRUE(hashes.hash_of(folder_ / "b"));
  std::filesystem::remove(folder_ / "a");

  ASSERT_TRUE(hashes.save(cache_));

  const std::string text = *read_file(cache_);
  EXPECT_EQ(text.find((folder_ / "a").string() + "\""), std::string::npos);
  EXPECT_NE(text.find((folder_ / "b").string()), std::string::npos);
}

TEST_F(FileHashesTest, AMissingFileIsNotFound) {
  EXPECT_EQ(FileHashes().hash_of(folder_ / "missing").error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace furrow::model
