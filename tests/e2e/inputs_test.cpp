// A picture that a job begins with, from the client over the coordinator to the engine: real
// programs on loopback, and an engine that asks for the file and renders nothing.

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/wire/blob_uploader.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow {
namespace {

using std::chrono::seconds;
using test::ChildProcess;
using test::TestClient;
using test::TestCoordinator;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr seconds kPatience{90};
/// Longer than a chunk of the blob port.
const std::string kPicture = "\x89PNG\r\n\x1a\n" + std::string(3 << 20, 'x');

class InputsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_.path() / "profile.yaml") << "name: Test GPU\nseconds_per_step: 0.001\n";
    start_coordinator();
  }

  void start_coordinator() {
    ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
    client_ = std::make_unique<TestClient>(context_, coordinator_.endpoints().client);
  }

  void start_worker() {
    worker_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"furrow-worker", "start", "--data", coordinator_.data().string(),
                                 "--name", "sim1", "--devices", "cpu", "--engine",
                                 test::program("furrow-engine-sim").string() + " --profile " +
                                     (folder_.path() / "profile.yaml").string()},
        ChildProcess::Options{{}, folder_.path() / "worker.log"});
  }

  /// Sends a file as a client does; the coordinator's answer.
  wire::BlobUploader::Answer send(const std::string& content) {
    const auto file = folder_.path() / "sent";
    EXPECT_TRUE(write_file(file, content, Durability::Cached));
    wire::BlobUploader uploader(context_, wire::BlobKind::Input);
    EXPECT_TRUE(uploader.connect(coordinator_.endpoints().blob));
    uploader.upload(sha256(content), file);
    const Instant end = Now::read().instant + kPatience;
    while (Now::read().instant < end) {
      uploader.pump();
      zmq::pollitem_t item{uploader.socket()->handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      const auto answers = uploader.receive();
      if (!answers.empty()) return answers.front();
    }
    ADD_FAILURE() << "the coordinator does not answer";
    return {};
  }

  v1::ClientReply submit(const std::string& name) {
    v1::JobSpec spec;
    spec.set_name(name);
    spec.mutable_base()->set_prompt("a cat face");
    spec.mutable_base()->set_steps(2);
    spec.mutable_base()->mutable_init_image()->set_name("cat.png");
    spec.mutable_base()->mutable_init_image()->set_hash(sha256(kPicture).raw());
    auto& axis = *spec.add_axes();
    axis.set_label("Seed");
    axis.set_text("1-5");
    const auto reply = client_->submit(spec, "");
    EXPECT_TRUE(reply);
    return reply.value_or(v1::ClientReply());
  }

  bool is_lacking() {
    v1::ClientRequest request;
    request.mutable_find_lacking_inputs()->add_digests(sha256(kPicture).raw());
    const auto reply = client_->ask(request);
    return reply && reply->lacking_inputs().digests_size() == 1;
  }

  /// How the job ends.
  v1::JobView watch(const std::string& job) {
    const auto view = client_->watch_until(job, kPatience, test::is_terminal);
    EXPECT_TRUE(view) << logs();
    return view.value_or(v1::JobView());
  }

  std::filesystem::path stored_file() const {
    const std::string hex = sha256(kPicture).hex();
    return coordinator_.data() / "artifacts" / hex.substr(0, 2) / hex.substr(2);
  }

  std::string logs() const {
    const auto worker = read_file(folder_.path() / "worker.log");
    return "\n--- coordinator\n" + coordinator_.log() + "\n--- worker\n" + (worker ? *worker : "");
  }

  test::TemporaryFolder folder_;
  TestCoordinator coordinator_{folder_.path() / "data"};
  std::unique_ptr<ChildProcess> worker_;
  zmq::context_t context_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(InputsTest, APictureReachesTheEngineOfEveryCell) {
  EXPECT_TRUE(is_lacking());
  const auto sent = send(kPicture);
  ASSERT_TRUE(sent.stored) << sent.refusal;
  EXPECT_FALSE(is_lacking());
  const auto reply = submit("cats");
  ASSERT_TRUE(reply.has_submitted()) << reply.DebugString();

  start_worker();

  EXPECT_EQ(watch("cats").state(), v1::JOB_STATE_DONE) << logs();
  const auto cached = read_file(coordinator_.data() / "worker" / "inputs" / sha256(kPicture).hex());
  ASSERT_TRUE(cached) << cached.error().message;
  EXPECT_EQ(*cached, kPicture);
}

TEST_F(InputsTest, AJobBeforeItsPictureIsRefusedByName) {
  const auto reply = submit("cats");

  EXPECT_EQ(reply.error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(reply.error().messages(0), HasSubstr("\"cat.png\""));
}

TEST_F(InputsTest, ATextIsRefusedAtTheBlobPort) {
  const auto answer = send("a cat face, and no picture of one");

  EXPECT_FALSE(answer.stored);
  EXPECT_THAT(answer.refusal, HasSubstr("PNG, JPEG and WebP"));
}

TEST_F(InputsTest, ARestartForgetsNoPicture) {
  ASSERT_TRUE(send(kPicture).stored);

  coordinator_.kill_hard();
  start_coordinator();

  EXPECT_FALSE(is_lacking());
  EXPECT_TRUE(submit("cats").has_submitted());
}

TEST_F(InputsTest, AFileThatWasDeletedFailsTheJobOnceAndMayBeSentAgain) {
  ASSERT_TRUE(send(kPicture).stored);
  ASSERT_TRUE(submit("cats").has_submitted());
  ASSERT_TRUE(std::filesystem::remove(stored_file()));

  start_worker();

  const auto failed = watch("cats");
  EXPECT_EQ(failed.state(), v1::JOB_STATE_FAILED) << logs();
  EXPECT_EQ(failed.cells().failed(), 5U);
  EXPECT_EQ(submit("again").error().code(), v1::ERROR_CODE_NOT_FOUND);
  ASSERT_TRUE(send(kPicture).stored);
  ASSERT_TRUE(submit("again").has_submitted());
  EXPECT_EQ(watch("again").state(), v1::JOB_STATE_DONE) << logs();
}

TEST_F(InputsTest, AFileThatWentWhileNobodyRanIsLackingAtTheNextStart) {
  ASSERT_TRUE(send(kPicture).stored);
  coordinator_.kill_hard();
  ASSERT_TRUE(std::filesystem::remove(stored_file()));

  start_coordinator();

  EXPECT_TRUE(is_lacking());
}

}  // namespace
}  // namespace furrow
