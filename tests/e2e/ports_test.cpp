// Garbage on each of the three ports of a real coordinator, which goes on serving.

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "furrow/v1/blob.pb.h"
#include "furrow/v1/worker.pb.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow {
namespace {

using test::TestClient;
using test::TestCoordinator;

/// A peer that may send any frames, well formed or not.
class RawPeer {
 public:
  RawPeer(zmq::context_t& context, const std::string& endpoint)
      : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 2000);
    socket_.connect(endpoint);
  }

  void send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool more = i + 1 < frames.size();
      socket_.send(zmq::buffer(frames[i]), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }

  template <typename Message>
  void send_body(const Message& message, const std::string& attachment = "") {
    std::vector<std::string> frames{std::string(wire::kMagic), message.SerializeAsString()};
    if (!attachment.empty()) frames.push_back(attachment);
    send(frames);
  }

  /// The next reply. False: none within ten seconds.
  template <typename Message>
  bool receive(Message& message) {
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, std::chrono::seconds(10)) == 0) return false;
    zmq::message_t magic;
    zmq::message_t body;
    return socket_.recv(magic).has_value() && magic.more() && socket_.recv(body).has_value() &&
           message.ParseFromArray(body.data(), static_cast<int>(body.size()));
  }

 private:
  zmq::socket_t socket_;
};

/// Connects, sends and waits for the other side to hang up or the time to pass.
void send_over_tcp(const std::string& endpoint, const std::string& bytes) {
  const FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  [[maybe_unused]] const auto sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class PortsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(coordinator_.start()) << coordinator_.log(); }

  std::vector<std::string> ports() const {
    const auto& endpoints = coordinator_.endpoints();
    return {endpoints.client, endpoints.worker, endpoints.blob};
  }

  /// It runs and answers on every port.
  void expect_serving() {
    EXPECT_TRUE(coordinator_.is_running()) << coordinator_.log();
    TestClient client(context_, coordinator_.endpoints().client);
    EXPECT_GT(client.status().epoch(), 0U) << coordinator_.log();
    expect_welcome();
    expect_blob_refused();
  }

  void expect_welcome() {
    RawPeer worker(context_, coordinator_.endpoints().worker);
    worker.send_body(a_hello());
    v1::ToWorker reply;
    ASSERT_TRUE(worker.receive(reply));
    EXPECT_TRUE(reply.has_welcome()) << reply.DebugString();
  }

  void expect_blob_refused() {
    RawPeer peer(context_, coordinator_.endpoints().blob);
    v1::BlobRequest request;
    request.set_version(wire::kProtocol);
    request.mutable_get()->set_digest(sha256("nothing").raw());
    peer.send_body(request);
    v1::BlobReply reply;
    ASSERT_TRUE(peer.receive(reply));
    EXPECT_THAT(reply.refused().reason(), testing::HasSubstr("no blob is called"));
  }

  static v1::FromWorker a_hello() {
    v1::FromWorker message;
    message.set_version(wire::kProtocol);
    auto& hello = *message.mutable_hello();
    hello.set_protocol_min(wire::kProtocol);
    hello.set_protocol_max(wire::kProtocol);
    hello.set_worker("7f9c24e8-3b12-4fef-91e0-56a2d5a2f0c1");
    hello.set_name("node7");
    hello.set_version("test");
    return message;
  }

  test::TemporaryFolder folder_;
  TestCoordinator coordinator_{folder_.path() / "data"};
  zmq::context_t context_;
};

TEST_F(PortsTest, RawTcpGarbageIsHungUpOn) {
  for (const auto& port : ports()) {
    send_over_tcp(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    send_over_tcp(port, random_bytes(10'000, 1));
    send_over_tcp(port, std::string(1, '\xff'));
    // A ZMTP greeting that is then not kept.
    send_over_tcp(port, "\xff" + std::string(8, '\0') + "\x7f\x03" + random_bytes(500, 2));
  }

  expect_serving();
}

TEST_F(PortsTest, FramesThatAreNotOursAreCountedAndDropped) {
  for (const auto& port : ports()) {
    RawPeer peer(context_, port);
    peer.send({""});
    peer.send({"GRB9", "x"});
    peer.send({std::string(wire::kMagic)});
    peer.send({std::string(wire::kMagic), "a", "b", "c", "d", "e", "f", "g"});
    peer.send({std::string(wire::kMagic), random_bytes(2000, 3)});
  }

  expect_serving();
  TestClient client(context_, coordinator_.endpoints().client);
  EXPECT_TRUE(client.status_until(std::chrono::seconds(10), [](const v1::StatusReply& status) {
    return status.frames_dropped() >= 15;
  })) << client.status().frames_dropped();
}

TEST_F(PortsTest, AHugeFrameCostsTheSenderItsConnection) {
  for (const auto& port : ports()) {
    RawPeer peer(context_, port);
    peer.send({std::string(wire::kMagic), std::string(20 << 20, 'x')});
  }

  expect_serving();
}

TEST_F(PortsTest, AMessageWithoutABodyThatWeKnowIsAnsweredOrDropped) {
  RawPeer client(context_, coordinator_.endpoints().client);
  v1::ClientRequest request;
  request.set_version(wire::kProtocol);
  request.set_correlation(7);
  client.send_body(request);
  v1::ClientReply reply;
  ASSERT_TRUE(client.receive(reply));
  EXPECT_EQ(reply.correlation(), 7U);
  EXPECT_EQ(reply.error().code(), v1::ERROR_CODE_INVALID);

  RawPeer worker(context_, coordinator_.endpoints().worker);
  worker.send_body(v1::FromWorker());
  RawPeer blob(context_, coordinator_.endpoints().blob);
  blob.send_body(v1::BlobRequest());

  expect_serving();
}

TEST_F(PortsTest, AClientOfAnotherVersionGetsASentence) {
  RawPeer client(context_, coordinator_.endpoints().client);
  v1::ClientRequest request;
  request.set_version(99);
  request.mutable_status();
  client.send_body(request);

  v1::ClientReply reply;
  ASSERT_TRUE(client.receive(reply));
  ASSERT_EQ(reply.error().messages_size(), 1);
  EXPECT_THAT(reply.error().messages(0), testing::HasSubstr("your client speaks 99"));
}

TEST_F(PortsTest, WhatAWorkerSaysBeforeHelloIsDropped) {
  RawPeer worker(context_, coordinator_.endpoints().worker);
  v1::FromWorker rendered;
  rendered.set_version(wire::kProtocol);
  auto& cell = *rendered.mutable_rendered()->add_cells();
  cell.mutable_token()->set_job(1);
  worker.send_body(rendered);
  worker.send_body(a_hello());

  v1::ToWorker reply;
  ASSERT_TRUE(worker.receive(reply));
  EXPECT_TRUE(reply.has_welcome()) << "the first thing it hears is the answer to its Hello";
}

TEST_F(PortsTest, AWorkerOfAnotherVersionIsRefusedWithASentence) {
  RawPeer worker(context_, coordinator_.endpoints().worker);
  auto message = a_hello();
  message.mutable_hello()->set_protocol_min(7);
  message.mutable_hello()->set_protocol_max(9);
  worker.send_body(message);

  v1::ToWorker reply;
  ASSERT_TRUE(worker.receive(reply));
  EXPECT_THAT(reply.refusal().reason(), testing::HasSubstr("node7 (furrow test) speaks 7 to 9"));
}

TEST_F(PortsTest, AWorkerThatTalksNonsenseIsCutOff) {
  RawPeer worker(context_, coordinator_.endpoints().worker);
  worker.send_body(a_hello());
  v1::ToWorker reply;
  ASSERT_TRUE(worker.receive(reply));
  ASSERT_TRUE(reply.has_welcome());

  for (int i = 0; i < 16; ++i) worker.send({std::string(wire::kMagic), random_bytes(100, 4)});

  while (worker.receive(reply) && !reply.has_refusal()) {
  }
  EXPECT_THAT(reply.refusal().reason(), testing::HasSubstr("cannot be read"));
  expect_serving();
}

TEST_F(PortsTest, TokensFromNowhereDoNoHarm) {
  RawPeer worker(context_, coordinator_.endpoints().worker);
  worker.send_body(a_hello());
  v1::FromWorker message;
  message.set_version(wire::kProtocol);
  auto& token = *message.mutable_progress()->mutable_token();
  token.set_job(999);
  token.set_cell(~0ULL);
  token.set_attempt(~0U);
  worker.send_body(message);
  *message.mutable_failed()->mutable_token() = token;
  worker.send_body(message);
  message.mutable_plan_request()->set_job(12345);
  worker.send_body(message);
  message.mutable_rendered()->add_cells()->set_recipe_hash("short");
  worker.send_body(message);

  expect_serving();
}

}  // namespace
}  // namespace furrow
