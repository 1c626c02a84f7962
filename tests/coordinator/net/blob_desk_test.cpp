#include "coordinator/net/blob_desk.h"

#include <chrono>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::net {
namespace {

using std::chrono::seconds;

/// Blobs in memory; counts how often it was asked to make some durable.
class FakeStore final : public artifacts::ArtifactStore {
 public:
  struct FakeUpload final : artifacts::Upload {
    Digest digest;
    std::string bytes;

    Result<void> append(std::string_view more) override {
      bytes += more;
      return {};
    }
  };

  struct FakeArtifact final : artifacts::Artifact {
    std::string bytes;

    std::uint64_t size() const override { return bytes.size(); }

    Result<std::string> read(std::uint64_t offset, std::size_t limit) const override {
      return bytes.substr(offset, limit);
    }
  };

  Result<std::unique_ptr<artifacts::Upload>> begin(const Digest& digest) override {
    auto upload = std::make_unique<FakeUpload>();
    upload->digest = digest;
    return std::unique_ptr<artifacts::Upload>(std::move(upload));
  }

  std::vector<Result<void>> commit(
      std::vector<std::unique_ptr<artifacts::Upload>> uploads) override {
    ++commits;
    std::vector<Result<void>> outcomes;
    for (const auto& upload : uploads) {
      const auto& fake = static_cast<const FakeUpload&>(*upload);
      const bool is_right = sha256(fake.bytes) == fake.digest;
      if (is_right) blobs[fake.digest] = fake.bytes;
      outcomes.push_back(is_right ? Result<void>() : fail(ErrorKind::Invalid, "damaged"));
    }
    return outcomes;
  }

  Result<std::unique_ptr<artifacts::Artifact>> open(const Digest& digest) const override {
    const auto found = blobs.find(digest);
    if (found == blobs.end()) return fail(ErrorKind::NotFound, "no such blob");
    auto artifact = std::make_unique<FakeArtifact>();
    artifact->bytes = found->second;
    return std::unique_ptr<artifacts::Artifact>(std::move(artifact));
  }

  bool contains(const Digest& digest) const override { return blobs.contains(digest); }

  Result<void> remove(const Digest& digest) override {
    blobs.erase(digest);
    return {};
  }

  std::map<Digest, std::string> blobs;
  int commits = 0;
};

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
  BlobDesk desk_{store_,
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
