// The blob port's way with inputs: the pictures that jobs begin with.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/net/blob_desk.h"
#include "tests/coordinator/net/fake_blobs.h"

namespace furrow::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kPicture = "\x89PNG\r\n\x1a\n and what follows";

class BlobInputs : public testing::Test {
 protected:
  bool put(const std::string& blob, bool is_input = true) {
    v1::BlobRequest request;
    request.mutable_put()->set_digest(sha256(blob).raw());
    request.mutable_put()->set_size(blob.size());
    request.mutable_put()->set_input(is_input);
    return desk_.on_request("client", request, blob, now_);
  }

  v1::BlobReply only_reply() {
    const auto answers = desk_.take_answers();
    EXPECT_THAT(answers, SizeIs(1));
    return answers.empty() ? v1::BlobReply() : answers.front().reply;
  }

  FakeStore store_;
  FakeLedger ledger_;
  BlobDesk desk_{store_, ledger_, {.blob_bytes = 1000, .input_bytes = 100, .swept_at_once = 2}};
  Instant now_{};
};

TEST_F(BlobInputs, AStoredPictureIsEnteredAndThenAnswered) {
  ASSERT_TRUE(put(kPicture));
  EXPECT_THAT(ledger_.stored, IsEmpty());

  desk_.commit_finished();

  ASSERT_THAT(ledger_.stored, SizeIs(1));
  EXPECT_EQ(ledger_.stored[0].input, sha256(kPicture));
  EXPECT_EQ(ledger_.stored[0].bytes, kPicture.size());
  EXPECT_FALSE(ledger_.stored[0].was_there);
  EXPECT_TRUE(only_reply().has_stored());
}

TEST_F(BlobInputs, WhatWasThereBeforeIsSaidToBe) {
  store_.blobs[sha256(kPicture)] = kPicture;

  ASSERT_TRUE(put(kPicture));
  desk_.commit_finished();

  ASSERT_THAT(ledger_.stored, SizeIs(1));
  EXPECT_TRUE(ledger_.stored[0].was_there);
}

TEST_F(BlobInputs, ARenderedPictureIsNoInput) {
  ASSERT_TRUE(put(kPicture, /*is_input=*/false));
  desk_.commit_finished();

  EXPECT_TRUE(only_reply().has_stored());
  EXPECT_THAT(ledger_.stored, IsEmpty());
}

TEST_F(BlobInputs, ATextIsRefusedAtTheDoor) {
  ASSERT_TRUE(put("a cat face, and no picture of one"));

  EXPECT_THAT(only_reply().refused().reason(), HasSubstr("PNG, JPEG and WebP"));
  desk_.commit_finished();
  EXPECT_THAT(ledger_.stored, IsEmpty());
  EXPECT_THAT(store_.blobs, IsEmpty());
}

TEST_F(BlobInputs, APictureHasALimitOfItsOwn) {
  ASSERT_TRUE(put(kPicture + std::string(100, 'x')));

  EXPECT_THAT(only_reply().refused().reason(), HasSubstr("at most 100"));
}

TEST_F(BlobInputs, DamagedBytesAreNotEntered) {
  v1::BlobRequest request;
  request.mutable_put()->set_digest(sha256("another").raw());
  request.mutable_put()->set_size(kPicture.size());
  request.mutable_put()->set_input(true);
  ASSERT_TRUE(desk_.on_request("client", request, kPicture, now_));

  desk_.commit_finished();

  EXPECT_TRUE(only_reply().has_refused());
  EXPECT_THAT(ledger_.stored, IsEmpty());
}

TEST_F(BlobInputs, AMissingBlobIsSaidToBeMissingAndLost) {
  v1::BlobRequest request;
  request.mutable_get()->set_digest(sha256(kPicture).raw());
  ASSERT_TRUE(desk_.on_request("worker", request, {}, now_));

  EXPECT_TRUE(only_reply().refused().missing());
  EXPECT_THAT(ledger_.lost, ElementsAre(sha256(kPicture)));
}

TEST_F(BlobInputs, OnlyExpiredOnesAreRemoved) {
  store_.blobs[sha256("kept")] = "kept";
  for (const char* name : {"one", "two", "three"}) {
    store_.blobs[sha256(name)] = name;
    ledger_.expired.push_back(sha256(name));
  }

  EXPECT_TRUE(desk_.sweep_inputs()) << "there are more than two";
  EXPECT_FALSE(desk_.sweep_inputs());

  EXPECT_THAT(store_.blobs, ElementsAre(testing::Pair(sha256("kept"), "kept")));
  EXPECT_THAT(ledger_.removed, ElementsAre(sha256("one"), sha256("two"), sha256("three")));
}

}  // namespace
}  // namespace furrow::net
