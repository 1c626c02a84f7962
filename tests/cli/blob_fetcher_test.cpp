#include "cli/blob_fetcher.h"

#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "common/wire/socket.h"
#include "furrow/v1/blob.pb.h"

namespace furrow::cli {

namespace {

using testing::ElementsAre;

/// A blob port on loopback that holds what it is given, in chunks as large as it is told.
class FakeBlobs {
 public:
  explicit FakeBlobs(std::size_t chunk_bytes)
      : chunk_bytes_(chunk_bytes),
        router_(*wire::Router::bind(context_, "tcp://127.0.0.1:0", {})) {}

  ~FakeBlobs() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  Digest hold(const std::string& bytes) {
    const Digest digest = sha256(bytes);
    blobs_[digest.raw()] = bytes;
    return digest;
  }

  /// Under the name of other bytes.
  Digest hold_damaged(const std::string& bytes) {
    const Digest digest = sha256(bytes + "before the damage");
    blobs_[digest.raw()] = bytes;
    return digest;
  }

  /// Does not answer so many requests.
  void lose(int requests) { to_lose_ = requests; }

  std::string start() {
    const std::string endpoint = router_.endpoint();
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    return endpoint;
  }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(5));
      while (const auto incoming = router_.receive()) {
        v1::BlobRequest request;
        if (incoming->parse_into(request) && to_lose_-- <= 0) answer(incoming->peer, request.get());
      }
    }
  }

  void answer(const std::string& peer, const v1::BlobGet& get) {
    v1::BlobReply reply;
    const auto found = blobs_.find(get.digest());
    if (found == blobs_.end()) {
      reply.mutable_refused()->set_digest(get.digest());
      reply.mutable_refused()->set_reason("there is no such blob");
      router_.send(peer, reply);
      return;
    }
    reply.mutable_chunk()->set_digest(get.digest());
    reply.mutable_chunk()->set_size(found->second.size());
    reply.mutable_chunk()->set_offset(get.offset());
    router_.send(peer, reply, std::string_view(found->second).substr(get.offset(), chunk_bytes_));
  }

  std::size_t chunk_bytes_;
  std::map<std::string, std::string> blobs_;
  int to_lose_ = 0;
  zmq::context_t context_;
  wire::Router router_;
  std::jthread thread_;
};

/// Fetches all and returns, in the order of handing over, the bytes or "error: its kind".
std::vector<std::string> fetch_all(const std::string& endpoint, const std::vector<Digest>& digests,
                                   const FetchOptions& options = {}) {
  std::vector<std::string> got;
  auto fetcher = *BlobFetcher::connect(endpoint, options);
  for (const Digest& digest : digests) {
    const auto asked = fetcher.fetch(digest, [&](Result<std::string> blob) -> Result<void> {
      got.push_back(blob                                       ? *blob
                    : blob.error().kind == ErrorKind::NotFound ? "missing"
                                                               : "damaged");
      return {};
    });
    EXPECT_TRUE(asked) << asked.error().message;
  }
  const auto finished = fetcher.finish();
  EXPECT_TRUE(finished) << finished.error().message;
  return got;
}

TEST(BlobFetcher, JoinsTheChunksOfABlob) {
  FakeBlobs blobs(4);
  const Digest digest = blobs.hold("a picture of ten chunks, more or less");

  EXPECT_THAT(fetch_all(blobs.start(), {digest}),
              ElementsAre("a picture of ten chunks, more or less"));
}

TEST(BlobFetcher, HandsOverInTheOrderOfAskingWhateverTheSizes) {
  FakeBlobs blobs(8);
  const Digest large = blobs.hold(std::string(200, 'x'));
  const Digest small = blobs.hold("small");
  const Digest other = blobs.hold("other");

  EXPECT_THAT(fetch_all(blobs.start(), {large, small, other, small}),
              ElementsAre(std::string(200, 'x'), "small", "other", "small"));
}

TEST(BlobFetcher, TakesMoreBlobsThanItsWindow) {
  FakeBlobs blobs(64);
  std::vector<Digest> digests;
  std::vector<std::string> contents;
  for (int i = 0; i < 100; ++i) {
    contents.push_back("picture " + std::to_string(i));
    digests.push_back(blobs.hold(contents.back()));
  }

  EXPECT_EQ(fetch_all(blobs.start(), digests, {.window = 3}), contents);
}

TEST(BlobFetcher, TellsWhichBlobsAreMissingOrDamagedAndGoesOn) {
  FakeBlobs blobs(8);
  const Digest damaged = blobs.hold_damaged("not what the name says");
  const Digest good = blobs.hold("good");

  EXPECT_THAT(fetch_all(blobs.start(), {sha256("nobody has this"), damaged, good}),
              ElementsAre("missing", "damaged", "good"));
}

TEST(BlobFetcher, AsksAgainForWhatWasLost) {
  FakeBlobs blobs(8);
  const Digest first = blobs.hold("first of two");
  const Digest second = blobs.hold("second of two");
  blobs.lose(2);

  EXPECT_THAT(
      fetch_all(blobs.start(), {first, second}, {.patience = std::chrono::milliseconds(50)}),
      ElementsAre("first of two", "second of two"));
}

TEST(BlobFetcher, GivesUpWhenNothingEverComes) {
  FakeBlobs blobs(8);
  const Digest digest = blobs.hold("unheard");
  blobs.lose(1000);
  auto fetcher =
      *BlobFetcher::connect(blobs.start(), {.patience = std::chrono::milliseconds(20), .tries = 2});
  ASSERT_TRUE(fetcher.fetch(digest, [](Result<std::string>) { return Result<void>(); }));

  const auto finished = fetcher.finish();

  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::Unreachable);
}

TEST(BlobFetcher, AnErrorOfTheReceiverEndsIt) {
  FakeBlobs blobs(8);
  const Digest digest = blobs.hold("a picture");
  auto fetcher = *BlobFetcher::connect(blobs.start());
  ASSERT_TRUE(fetcher.fetch(
      digest, [](Result<std::string>) { return Result<void>(fail(ErrorKind::Io, "disk full")); }));

  const auto finished = fetcher.finish();

  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message, "disk full");
}

}  // namespace

}  // namespace furrow::cli
