#include "coordinator/net/blob_desk.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/net/fake_blobs.h"

namespace furrow::net {
namespace {

using std::chrono::seconds;

class BlobDeskTest : public testing::Test {
 protected:
  bool put(const std::string& peer, std::string_view blob, std::uint64_t offset,
           std::string_view chunk) {
    v1::BlobRequest request;
    request.mutable_put()->set_digest(sha256(blob).raw());
    request.mutable_put()->set_size(blob.size());
    request.mutable_put()->set_offset(offset);
    return desk_.on_request(peer, request, chunk, now_);
  }

  void get(std::string_view blob, std::uint64_t offset) {
    v1::BlobRequest request;
    request.mutable_get()->set_digest(sha256(blob).raw());
    request.mutable_get()->set_offset(offset);
    ASSERT_TRUE(desk_.on_request("reader", request, {}, now_));
  }

  BlobAnswer only_answer() {
    auto answers = desk_.take_answers();
    EXPECT_EQ(answers.size(), 1U);
    return answers.empty() ? BlobAnswer{} : std::move(answers.front());
  }

  std::string refusal() { return only_answer().reply.refused().reason(); }

  FakeStore store_;
  FakeLedger ledger_;
  BlobDesk desk_{store_,
                 ledger_,
                 {.blob_bytes = 100,
                  .chunk_bytes = 4,
                  .open_uploads = 3,
                  .open_uploads_per_peer = 2,
                  .open_artifacts = 1}};
  Instant now_{};
};

TEST_F(BlobDeskTest, ABlobInChunksIsStoredThenAnswered) {
  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));
  ASSERT_TRUE(put("p", "abcdef", 4, "ef"));
  EXPECT_THAT(desk_.take_answers(), testing::IsEmpty());

  desk_.commit_finished();

  const auto answer = only_answer();
  EXPECT_EQ(answer.peer, "p");
  EXPECT_EQ(answer.reply.stored().digest(), sha256("abcdef").raw());
  EXPECT_EQ(store_.blobs[sha256("abcdef")], "abcdef");
}

TEST_F(BlobDeskTest, BlobsOfManyPeersShareOneCommit) {
  ASSERT_TRUE(put("p", "a", 0, "a"));
  ASSERT_TRUE(put("q", "b", 0, "b"));
  ASSERT_TRUE(put("r", "c", 0, "c"));

  desk_.commit_finished();

  EXPECT_EQ(store_.commits, 1);
  EXPECT_EQ(desk_.take_answers().size(), 3U);
}

TEST_F(BlobDeskTest, AnEmptyBlobIsDoneWithItsFirstChunk) {
  ASSERT_TRUE(put("p", "", 0, ""));

  desk_.commit_finished();

  EXPECT_TRUE(only_answer().reply.has_stored());
}

TEST_F(BlobDeskTest, DamagedBytesAreRefusedAndNotStored) {
  ASSERT_TRUE(put("p", "abc", 0, "abd"));

  desk_.commit_finished();

  EXPECT_EQ(refusal(), "damaged");
  EXPECT_TRUE(store_.blobs.empty());
}

TEST_F(BlobDeskTest, AChunkOutOfOrderIsRefusedOnce) {
  ASSERT_TRUE(put("p", "abcdefghij", 0, "abcd"));
  ASSERT_TRUE(put("p", "abcdefghij", 8, "ij"));
  ASSERT_TRUE(put("p", "abcdefghij", 8, "ij"));

  EXPECT_THAT(refusal(), testing::HasSubstr("out of order: the next one is at 4"));
}

TEST_F(BlobDeskTest, ABlobCanBeStartedAnewAfterARefusal) {
  ASSERT_TRUE(put("p", "abcdef", 4, "ef"));
  EXPECT_THAT(refusal(), testing::HasSubstr("from its first byte"));

  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));
  ASSERT_TRUE(put("p", "abcdef", 4, "ef"));
  desk_.commit_finished();

  EXPECT_TRUE(only_answer().reply.has_stored());
}

TEST_F(BlobDeskTest, TheSameBlobOfTwoPeersDoesNotMix) {
  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));
  ASSERT_TRUE(put("q", "abcdef", 0, "abc"));
  ASSERT_TRUE(put("p", "abcdef", 4, "ef"));
  ASSERT_TRUE(put("q", "abcdef", 3, "def"));

  desk_.commit_finished();

  EXPECT_EQ(desk_.take_answers().size(), 2U);
  EXPECT_EQ(store_.blobs[sha256("abcdef")], "abcdef");
}

TEST_F(BlobDeskTest, WhatIsTooLargeIsRefused) {
  ASSERT_TRUE(put("p", std::string(101, 'x'), 0, "xxxx"));
  EXPECT_THAT(refusal(), testing::HasSubstr("101 bytes is too large"));

  ASSERT_TRUE(put("p", "abcdef", 0, "abcde"));
  EXPECT_THAT(refusal(), testing::HasSubstr("chunk of 5 bytes is too large"));

  ASSERT_TRUE(put("q", "ab", 0, "abc"));
  EXPECT_THAT(refusal(), testing::HasSubstr("larger than the 2 bytes announced"));
}

TEST_F(BlobDeskTest, AChunkWithoutBytesIsRefused) {
  ASSERT_TRUE(put("p", "ab", 0, ""));

  EXPECT_THAT(refusal(), testing::HasSubstr("no bytes"));
}

TEST_F(BlobDeskTest, OpenUploadsAreBounded) {
  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));
  ASSERT_TRUE(put("p", "bcdefg", 0, "bcde"));
  ASSERT_TRUE(put("p", "cdefgh", 0, "cdef"));

  EXPECT_THAT(refusal(), testing::HasSubstr("too many uploads"));
}

TEST_F(BlobDeskTest, AnAbandonedUploadIsDroppedAfterAWhile) {
  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));

  now_ += seconds(60);
  desk_.drop_idle(now_);
  EXPECT_EQ(desk_.open_uploads(), 1U);

  now_ += seconds(1);
  desk_.drop_idle(now_);
  EXPECT_EQ(desk_.open_uploads(), 0U);
}

TEST_F(BlobDeskTest, APeerThatIsGoneLeavesNoUpload) {
  ASSERT_TRUE(put("p", "abcdef", 0, "abcd"));
  ASSERT_TRUE(put("q", "abcdef", 0, "abcd"));

  desk_.on_peer_gone("p");

  EXPECT_EQ(desk_.open_uploads(), 1U);
}

TEST_F(BlobDeskTest, ABlobIsReadByChunk) {
  store_.blobs[sha256("abcdef")] = "abcdef";

  get("abcdef", 0);
  const auto first = only_answer();
  get("abcdef", 4);
  const auto second = only_answer();

  EXPECT_EQ(first.attachment, "abcd");
  EXPECT_EQ(first.reply.chunk().size(), 6U);
  EXPECT_EQ(second.attachment, "ef");
  EXPECT_EQ(second.reply.chunk().offset(), 4U);
}

TEST_F(BlobDeskTest, ReadingPastTheEndOrNothingIsRefused) {
  store_.blobs[sha256("abc")] = "abc";

  get("abc", 4);
  EXPECT_THAT(refusal(), testing::HasSubstr("ends at byte 3"));
  get("xyz", 0);
  EXPECT_EQ(refusal(), "no such blob");
}

TEST_F(BlobDeskTest, ARequestWithoutADigestOrABodyMakesNoSense) {
  v1::BlobRequest request;
  EXPECT_FALSE(desk_.on_request("p", request, {}, now_));
  request.mutable_put()->set_digest("short");
  EXPECT_FALSE(desk_.on_request("p", request, {}, now_));
  request.mutable_get()->set_digest("");
  EXPECT_FALSE(desk_.on_request("p", request, {}, now_));
}

}  // namespace
}  // namespace furrow::net
