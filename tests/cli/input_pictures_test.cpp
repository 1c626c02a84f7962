#include "cli/input_pictures.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/files.h"
#include "common/spec/inputs.h"
#include "furrow/v1/blob.pb.h"
#include "tests/cli/fake_coordinator.h"
#include "tests/support/temporary_folder.h"

namespace furrow::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kPng = "\x89PNG\r\n\x1a\n and what follows";
const std::string kJpeg = "\xff\xd8\xff\xe0 and what follows";

class InputPictures : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(write_file(path, content, Durability::Cached));
    return path.string();
  }

  static v1::JobSpec a_sweep(const std::string& init_image) {
    v1::JobSpec sweep;
    sweep.mutable_base()->mutable_init_image()->set_name(init_image);
    return sweep;
  }

  static Error error_of(const Result<std::vector<InputPicture>>& outcome) {
    EXPECT_FALSE(outcome);
    return outcome ? Error{} : outcome.error();
  }

  test::TemporaryFolder folder_;
};

TEST_F(InputPictures, ASweepWithoutPicturesHasNothingToSend) {
  v1::JobSpec sweep;
  sweep.mutable_base()->set_prompt("a cat face");

  EXPECT_THAT(*hash_pictures(sweep), IsEmpty());
}

TEST_F(InputPictures, HashesAreThoseOfTheFiles) {
  v1::JobSpec sweep = a_sweep(file("cat.png", kPng));
  sweep.mutable_base()->mutable_mask()->set_name(file("m.jpg", kJpeg));

  const auto pictures = hash_pictures(sweep);

  ASSERT_TRUE(pictures) << pictures.error().message;
  ASSERT_THAT(*pictures, SizeIs(2));
  EXPECT_EQ(sweep.base().init_image().hash(), sha256(kPng).raw());
  EXPECT_EQ(sweep.base().mask().hash(), sha256(kJpeg).raw());
}

TEST_F(InputPictures, APictureThatHasItsHashNeedsNoFile) {
  v1::JobSpec sweep = a_sweep("elsewhere.png");
  sweep.mutable_base()->mutable_init_image()->set_hash(sha256(kPng).raw());

  EXPECT_THAT(*hash_pictures(sweep), IsEmpty());
}

TEST_F(InputPictures, EveryFileThatCannotBeTakenIsNamed) {
  v1::JobSpec sweep = a_sweep("no/such/cat.png");
  sweep.mutable_base()->mutable_mask()->set_name(file("notes.txt", "a cat face"));

  const Error error = error_of(hash_pictures(sweep));

  EXPECT_EQ(error.kind, ErrorKind::NotFound);
  EXPECT_THAT(error.message, AllOf(HasSubstr("init image: there is no file no/such/cat.png"),
                                   HasSubstr("\nmask: "), HasSubstr("notes.txt is no picture")));
}

TEST_F(InputPictures, AFolderIsNoPicture) {
  v1::JobSpec sweep = a_sweep(folder_.path().string());

  EXPECT_THAT(error_of(hash_pictures(sweep)).message,
              AllOf(HasSubstr(folder_.path().string()), HasSubstr("is not a file")));
}

TEST_F(InputPictures, ATooLargeFileIsNotEvenRead) {
  const std::string path = file("large.png", kPng);
  std::filesystem::resize_file(path, spec::kMaxInputBytes + 1);  // sparse: takes no room

  v1::JobSpec sweep = a_sweep(path);

  EXPECT_THAT(error_of(hash_pictures(sweep)).message,
              AllOf(HasSubstr(path), HasSubstr("65 MiB, and at most 64")));
}

/// A blob port on loopback that takes whole pictures, or refuses each.
class FakeBlobPort {
 public:
  explicit FakeBlobPort(std::string refusal = {}) : refusal_(std::move(refusal)) {}

  ~FakeBlobPort() {
    thread_.request_stop();
    thread_.join();
  }

  std::string endpoint() const { return endpoint_; }

  std::map<std::string, std::string> taken() {
    const std::scoped_lock lock(mutex_);
    return blobs_;
  }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(5));
      while (const auto incoming = router_.receive()) take(*incoming);
    }
  }

  void take(const wire::Incoming& incoming) {
    v1::BlobRequest request;
    ASSERT_TRUE(incoming.parse_into(request));
    EXPECT_TRUE(request.put().input());
    const std::scoped_lock lock(mutex_);
    std::string& blob = blobs_[request.put().digest()];
    EXPECT_EQ(blob.size(), request.put().offset());
    blob += incoming.attached();
    if (blob.size() < request.put().size()) return;
    v1::BlobReply reply;
    if (refusal_.empty()) {
      reply.mutable_stored()->set_digest(request.put().digest());
    } else {
      reply.mutable_refused()->set_digest(request.put().digest());
      reply.mutable_refused()->set_reason(refusal_);
    }
    router_.send(incoming.peer, reply);
  }

  const std::string refusal_;
  zmq::context_t context_;
  wire::Router router_ = *wire::Router::bind(context_, "tcp://127.0.0.1:0",
                                             {.max_message_bytes = wire::kMaxBlobBytes});
  const std::string endpoint_ = router_.endpoint();
  std::mutex mutex_;  // of blobs_, which the test reads while the thread may write
  std::map<std::string, std::string> blobs_;
  std::jthread thread_{[this](const std::stop_token& stop) { serve(stop); }};
};

/// A coordinator that lacks these digests and has this blob port.
FakeCoordinator::Handle lacks(std::vector<std::string> digests, std::string blob_endpoint) {
  return [digests = std::move(digests), blob_endpoint = std::move(blob_endpoint)](
             const v1::ClientRequest& request, const FakeCoordinator::Answer& answer) {
    v1::ClientReply reply;
    if (request.has_find_lacking_inputs()) {
      auto& lacking = *reply.mutable_lacking_inputs();
      for (const auto& digest : request.find_lacking_inputs().digests()) {
        if (std::ranges::find(digests, digest) != digests.end()) lacking.add_digests(digest);
      }
    } else {
      reply.mutable_status()->set_blob_endpoint(blob_endpoint);
    }
    answer(std::move(reply));
  };
}

TEST_F(InputPictures, OnlyWhatTheCoordinatorLacksIsSentInChunks) {
  const std::string large = kPng + std::string(3 << 20, 'x');
  FakeBlobPort blobs;
  FakeCoordinator coordinator(lacks({sha256(large).raw()}, blobs.endpoint()));
  Client client = *Client::connect(coordinator.endpoint());
  v1::JobSpec sweep = a_sweep(file("cat.png", kPng));
  sweep.mutable_base()->mutable_mask()->set_name(file("large.png", large));

  const auto sent = send_pictures(client, *hash_pictures(sweep));

  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_THAT(*sent, SizeIs(1));
  EXPECT_THAT(blobs.taken(), ElementsAre(testing::Pair(sha256(large).raw(), large)));
}

TEST_F(InputPictures, ARefusalNamesTheFile) {
  FakeBlobPort blobs("the disk is full");
  FakeCoordinator coordinator(lacks({sha256(kPng).raw()}, blobs.endpoint()));
  Client client = *Client::connect(coordinator.endpoint());
  v1::JobSpec sweep = a_sweep(file("cat.png", kPng));

  const Error error = error_of(send_pictures(client, *hash_pictures(sweep)));

  EXPECT_THAT(error.message, AllOf(HasSubstr("cat.png"), HasSubstr("the disk is full")));
}

TEST_F(InputPictures, AClosedBlobPortIsUnreachable) {
  FakeCoordinator coordinator(lacks({sha256(kPng).raw()}, "tcp://127.0.0.1:1"));
  Client client = *Client::connect(coordinator.endpoint());
  v1::JobSpec sweep = a_sweep(file("cat.png", kPng));

  const Error error = error_of(
      send_pictures(client, *hash_pictures(sweep), {.patience = std::chrono::milliseconds(50)}));

  EXPECT_EQ(error.kind, ErrorKind::Unreachable);
  EXPECT_THAT(error.message, HasSubstr("furrow doctor"));
}

TEST_F(InputPictures, AnInterruptEndsTheSending) {
  FakeCoordinator coordinator(lacks({sha256(kPng).raw()}, "tcp://127.0.0.1:1"));
  Client client = *Client::connect(coordinator.endpoint());
  v1::JobSpec sweep = a_sweep(file("cat.png", kPng));
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const FileDescriptor reading(pipe[0]);
  const FileDescriptor writing(pipe[1]);
  ASSERT_EQ(::write(writing.get(), "!", 1), 1);

  const Error error =
      error_of(send_pictures(client, *hash_pictures(sweep), {.interrupt_fd = reading.get()}));

  EXPECT_EQ(error.kind, ErrorKind::Cancelled);
}

}  // namespace
}  // namespace furrow::cli
