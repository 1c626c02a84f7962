#include "common/wire/blob_uploader.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "furrow/v1/blob.pb.h"
#include "tests/support/temporary_folder.h"

namespace furrow::wire {
namespace {

using testing::SizeIs;

/// The coordinator's end, on a socket in a folder of the test's own.
class BlobUploads : public testing::Test {
 protected:
  BlobUploads() { EXPECT_TRUE(uploader_.connect(router_.endpoint())); }

  std::filesystem::path a_file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(write_file(path, content, Durability::Cached));
    return path;
  }

  /// Sends and takes until `puts` chunks have come; the content of each blob by its raw digest.
  std::map<std::string, std::string> receive(int puts) {
    std::map<std::string, std::string> blobs;
    for (int round = 0; puts > 0 && round < 2000; ++round) {
      uploader_.pump();
      zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      while (const auto incoming = router_.receive()) {
        v1::BlobRequest request;
        EXPECT_TRUE(incoming->parse_into(request));
        auto& blob = blobs[request.put().digest()];
        EXPECT_EQ(request.put().offset(), blob.size());
        EXPECT_LE(incoming->attached().size(), kBlobChunkBytes);
        blob += incoming->attached();
        peer_ = incoming->peer;
        --puts;
      }
    }
    EXPECT_EQ(puts, 0);
    return blobs;
  }

  std::vector<BlobUploader::Answer> answer(const v1::BlobReply& reply) {
    EXPECT_EQ(router_.send(peer_, reply), Sent::Queued);
    zmq::pollitem_t item{uploader_.socket()->handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(20'000));
    return uploader_.receive();
  }

  test::TemporaryFolder folder_;
  zmq::context_t context_;
  Router router_ = Router::bind(context_, "ipc://" + (folder_.path() / "blobs").string(),
                                {.max_message_bytes = kMaxBlobBytes})
                       .value();
  BlobUploader uploader_{context_, BlobKind::Artifact};
  std::string peer_;
};

TEST_F(BlobUploads, AFileGoesInChunksInOrder) {
  std::string content(2 * kBlobChunkBytes + 77, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  const auto digest = sha256(content);

  uploader_.upload(digest, a_file("picture", content));
  const auto blobs = receive(3);

  ASSERT_THAT(blobs, SizeIs(1));
  EXPECT_TRUE(blobs.at(digest.raw()) == content);
  EXPECT_FALSE(uploader_.has_unsent());
}

TEST_F(BlobUploads, FilesFollowEachOtherWithoutWaitingForAnswers) {
  uploader_.upload(sha256("one"), a_file("1", "one"));
  uploader_.upload(sha256("two"), a_file("2", "two"));

  const auto blobs = receive(2);

  EXPECT_EQ(blobs.at(sha256("one").raw()), "one");
  EXPECT_EQ(blobs.at(sha256("two").raw()), "two");
}

TEST_F(BlobUploads, PassesOnWhatTheCoordinatorAnswers) {
  uploader_.upload(sha256("one"), a_file("1", "one"));
  receive(1);
  v1::BlobReply stored;
  stored.mutable_stored()->set_digest(sha256("one").raw());
  v1::BlobReply refused;
  refused.mutable_refused()->set_digest(sha256("two").raw());
  refused.mutable_refused()->set_reason("the disk is full");

  const auto first = answer(stored);
  const auto second = answer(refused);

  ASSERT_THAT(first, SizeIs(1));
  EXPECT_TRUE(first[0].stored);
  EXPECT_EQ(first[0].digest, sha256("one"));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_FALSE(second[0].stored);
  EXPECT_EQ(second[0].refusal, "the disk is full");
}

TEST_F(BlobUploads, AFileThatCannotBeReadIsRefusedAndHoldsUpNothing) {
  uploader_.upload(sha256("gone"), folder_.path() / "gone");
  uploader_.upload(sha256("one"), a_file("1", "one"));

  const auto answers = uploader_.pump();

  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_FALSE(answers[0].stored);
  EXPECT_EQ(answers[0].digest, sha256("gone"));
  EXPECT_THAT(receive(1), SizeIs(1));
}

TEST_F(BlobUploads, AnEndpointThatIsNoneIsAnError) {
  EXPECT_FALSE(uploader_.connect("nowhere"));
}

}  // namespace
}  // namespace furrow::wire
