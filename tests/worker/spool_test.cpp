#include "worker/agent/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "tests/support/temporary_folder.h"
#include "worker/agent/worker_id.h"

namespace furrow::worker {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

v1::RenderedCell a_result(std::uint64_t cell, std::string_view picture) {
  v1::RenderedCell result;
  result.mutable_token()->set_job(3);
  result.mutable_token()->set_cell(cell);
  result.mutable_token()->set_attempt(2);
  result.mutable_token()->set_epoch(9);
  result.set_recipe_hash(sha256("recipe").raw());
  result.set_artifact(sha256(picture).raw());
  result.set_artifact_bytes(picture.size());
  result.mutable_timing()->set_total(1.25);
  result.set_device("cpu");
  return result;
}

TEST(Spool, WhatIsStoredIsRecoveredWhole) {
  const test::TemporaryFolder folder;
  const SpoolFolder spool(folder.path() / "spool");
  const auto result = a_result(4, "picture");

  ASSERT_TRUE(spool.store(result, "picture"));
  const auto recovered = SpoolFolder(folder.path() / "spool").recover();

  ASSERT_THAT(recovered, SizeIs(1));
  EXPECT_EQ(recovered[0].SerializeAsString(), result.SerializeAsString());
  EXPECT_EQ(read_file(spool.picture_path(result.token())).value(), "picture");
}

TEST(Spool, WhatIsRemovedIsNotRecovered) {
  const test::TemporaryFolder folder;
  const SpoolFolder spool(folder.path());
  ASSERT_TRUE(spool.store(a_result(4, "picture"), "picture"));

  spool.remove(a_result(4, "picture").token());

  EXPECT_THAT(spool.recover(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Spool, HalvesOfAnEntryAndBrokenPicturesAreDeleted) {
  const test::TemporaryFolder folder;
  const SpoolFolder spool(folder.path());
  for (const std::uint64_t cell : {1, 2, 3, 4}) {
    ASSERT_TRUE(spool.store(a_result(cell, "picture"), "picture"));
  }
  std::filesystem::remove(folder.path() / "3-1-2.json");
  std::filesystem::remove(folder.path() / "3-2-2.png");
  ASSERT_TRUE(write_file(folder.path() / "3-3-2.png", "pict", Durability::Cached));
  ASSERT_TRUE(write_file(folder.path() / "3-5-2.json", "{", Durability::Cached));

  const auto recovered = spool.recover();

  ASSERT_THAT(recovered, SizeIs(1));
  EXPECT_EQ(recovered[0].token().cell(), 4u);
  const auto left = std::distance(std::filesystem::directory_iterator(folder.path()), {});
  EXPECT_EQ(left, 2) << "the picture and the sidecar of the whole entry";
}

TEST(Spool, AFolderThatIsNotThereIsEmpty) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(SpoolFolder(folder.path() / "none").recover(), IsEmpty());
}

TEST(Spool, AFolderThatCannotBeMadeIsAnError) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "spool", "a file", Durability::Cached));
  const SpoolFolder spool(folder.path() / "spool");

  const auto stored = spool.store(a_result(1, "picture"), "picture");

  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().kind, ErrorKind::Io);
}

TEST(WorkerId, IsDrawnOnceAndKept) {
  const test::TemporaryFolder folder;
  const auto first = worker_id(folder.path() / "worker/id");
  const auto second = worker_id(folder.path() / "worker/id");

  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_THAT(*first,
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                    "[0-9a-f]{12}"));
}

TEST(WorkerId, OtherTextIsReplaced) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "id", "me", Durability::Cached));

  const auto id = worker_id(folder.path() / "id");

  ASSERT_TRUE(id);
  EXPECT_EQ(id->size(), 36u);
  EXPECT_EQ(worker_id(folder.path() / "id").value(), *id);
}

}  // namespace
}  // namespace furrow::worker
