#include "coordinator/artifacts/folder_store.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"

namespace furrow::artifacts {
namespace {

class FolderStoreTest : public testing::Test {
 protected:
  std::unique_ptr<FolderStore> a_store() const {
    auto store = FolderStore::open(folder_.path());
    EXPECT_TRUE(store) << store.error().message;
    return *std::move(store);
  }

  /// Puts one blob under the name `digest`.
  static Result<void> put(FolderStore& store, const Digest& digest, std::string_view bytes) {
    auto upload = store.begin(digest);
    if (!upload) return upload.unexpected();
    FURROW_TRY_VOID((*upload)->append(bytes));
    std::vector<std::unique_ptr<Upload>> batch;
    batch.push_back(*std::move(upload));
    return store.commit(std::move(batch)).front();
  }

  std::size_t files_in(const std::filesystem::path& folder) const {
    const std::filesystem::recursive_directory_iterator entries(folder);
    return static_cast<std::size_t>(std::count_if(
        begin(entries), end(entries), [](const auto& entry) { return entry.is_regular_file(); }));
  }

  test::TemporaryFolder folder_;
};

TEST_F(FolderStoreTest, WhatIsPutIsReadBackByItsDigest) {
  const auto store = a_store();
  const std::string blob = "a picture";

  ASSERT_TRUE(put(*store, sha256(blob), blob));

  const auto artifact = store->open(sha256(blob));
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ((*artifact)->size(), blob.size());
  EXPECT_EQ(*(*artifact)->read(0, 100), blob);
  EXPECT_EQ(*(*artifact)->read(2, 3), "pic");
  EXPECT_EQ(*(*artifact)->read(blob.size(), 3), "");
}

TEST_F(FolderStoreTest, AFileLiesUnderTheFirstTwoDigitsOfItsDigest) {
  const auto store = a_store();
  const auto hex = sha256("x").hex();

  ASSERT_TRUE(put(*store, sha256("x"), "x"));

  EXPECT_EQ(*read_file(folder_.path() / hex.substr(0, 2) / hex.substr(2)), "x");
}

TEST_F(FolderStoreTest, AnEmptyBlobIsABlob) {
  const auto store = a_store();

  ASSERT_TRUE(put(*store, sha256(""), ""));

  EXPECT_EQ((*store->open(sha256("")))->size(), 0U);
}

TEST_F(FolderStoreTest, PuttingABlobTwiceChangesNothing) {
  const auto store = a_store();

  ASSERT_TRUE(put(*store, sha256("x"), "x"));
  ASSERT_TRUE(put(*store, sha256("x"), "x"));

  EXPECT_EQ(files_in(folder_.path()), 1U);
  EXPECT_TRUE(store->open(sha256("x")));
}

TEST_F(FolderStoreTest, ABatchIsJudgedUploadByUpload) {
  const auto store = a_store();
  std::vector<std::unique_ptr<Upload>> batch;
  for (const std::string_view promised : {"one", "two", "three"}) {
    batch.push_back(*store->begin(sha256(promised)));
    ASSERT_TRUE(batch.back()->append(promised == "two" ? "damaged" : promised));
  }

  const auto outcomes = store->commit(std::move(batch));

  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[1].error().kind, ErrorKind::Invalid);
  EXPECT_TRUE(outcomes[2]);
  EXPECT_FALSE(store->contains(sha256("two")));
  EXPECT_FALSE(store->contains(sha256("damaged")));
  EXPECT_EQ(files_in(folder_.path()), 2U);
}

TEST_F(FolderStoreTest, AnAbandonedUploadLeavesNothing) {
  const auto store = a_store();

  {
    const auto upload = store->begin(sha256("x"));
    ASSERT_TRUE((*upload)->append("x"));
  }

  EXPECT_EQ(files_in(folder_.path()), 0U);
}

TEST_F(FolderStoreTest, LeftoversOfACrashAreSweptAtTheStart) {
  ASSERT_TRUE(put(*a_store(), sha256("kept"), "kept"));
  ASSERT_TRUE(write_file(folder_.path() / "incoming/7", "half a pict", Durability::Cached));

  const auto store = a_store();

  EXPECT_EQ(store->swept(), 1U);
  EXPECT_EQ(files_in(folder_.path()), 1U);
  EXPECT_TRUE(store->contains(sha256("kept")));
}

TEST_F(FolderStoreTest, ADamagedFileIsNoticedWhenItIsRead) {
  const auto store = a_store();
  ASSERT_TRUE(put(*store, sha256("picture"), "picture"));
  std::ofstream(store->path_of(sha256("picture"))) << "pictura";

  const auto artifact = store->open(sha256("picture"));

  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().kind, ErrorKind::Io);
  EXPECT_THAT(artifact.error().message, testing::HasSubstr("damaged"));
}

TEST_F(FolderStoreTest, PuttingADamagedBlobAgainHealsIt) {
  const auto store = a_store();
  ASSERT_TRUE(put(*store, sha256("picture"), "picture"));
  std::ofstream(store->path_of(sha256("picture"))) << "p";

  ASSERT_TRUE(put(*store, sha256("picture"), "picture"));

  EXPECT_TRUE(store->open(sha256("picture")));
}

TEST_F(FolderStoreTest, WhatIsNotThereIsNotFound) {
  const auto store = a_store();

  EXPECT_EQ(store->open(sha256("x")).error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(store->remove(sha256("x")));
}

TEST_F(FolderStoreTest, ARemovedBlobIsGone) {
  const auto store = a_store();
  ASSERT_TRUE(put(*store, sha256("x"), "x"));

  ASSERT_TRUE(store->remove(sha256("x")));

  EXPECT_FALSE(store->contains(sha256("x")));
}

}  // namespace
}  // namespace furrow::artifacts
