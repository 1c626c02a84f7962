#include "common/wire/socket.h"

#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/files.h"
#include "furrow/v1/client.pb.h"

namespace furrow::wire {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Longer than anything here takes; only a failing test waits for it.
constexpr int kPatienceMs = 10'000;

bool wait_for(zmq::socket_ref socket, short events) {
  zmq::pollitem_t item{socket.handle(), 0, events, 0};
  zmq::poll(&item, 1, std::chrono::milliseconds(kPatienceMs));
  return (item.revents & events) != 0;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

v1::ClientRequest a_request(std::uint64_t correlation) {
  v1::ClientRequest request;
  request.set_version(kProtocol);
  request.set_correlation(correlation);
  return request;
}

std::uint64_t correlation_of(const Incoming& incoming) {
  v1::ClientRequest request;
  EXPECT_TRUE(incoming.parse_into(request));
  return request.correlation();
}

class Socket : public testing::Test {
 protected:
  Router a_router(const std::string& endpoint = "tcp://127.0.0.1:0",
                  const SocketOptions& options = {}) {
    auto router = Router::bind(context_, endpoint, options);
    FURROW_CHECK(router.has_value(), "the test can listen on loopback");
    return *std::move(router);
  }

  /// A dealer that is connected.
  Dealer a_dealer(const std::string& endpoint) {
    auto dealer = Dealer::connect(context_, endpoint, {});
    FURROW_CHECK(dealer.has_value(), "the test can dial");
    EXPECT_TRUE(wait_for(dealer->socket(), ZMQ_POLLOUT));
    return *std::move(dealer);
  }

  /// A peer that sends what it likes.
  zmq::socket_t a_stranger(const std::string& endpoint) {
    zmq::socket_t stranger(context_, zmq::socket_type::dealer);
    stranger.set(zmq::sockopt::linger, 0);
    stranger.connect(endpoint);
    EXPECT_TRUE(wait_for(stranger, ZMQ_POLLOUT));
    return stranger;
  }

  static void send(zmq::socket_t& socket, const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto flags = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      ASSERT_TRUE(socket.send(zmq::buffer(frames[i]), flags));
    }
  }

  /// The next message, waited for.
  static std::optional<Incoming> next(Router& router) {
    while (wait_for(router.socket(), ZMQ_POLLIN)) {
      if (auto incoming = router.receive()) return incoming;
    }
    return std::nullopt;
  }

  zmq::context_t context_;
};

TEST_F(Socket, MessagesAndAttachmentsGoThereAndBack) {
  for (const std::string endpoint : {"tcp://127.0.0.1:0", "inproc://test"}) {
    Router router = a_router(endpoint);
    Dealer dealer = a_dealer(router.endpoint());

    ASSERT_EQ(dealer.send(a_request(7), "picture\0bytes"), Sent::Queued);
    const auto asked = next(router);
    ASSERT_TRUE(asked);
    EXPECT_EQ(correlation_of(*asked), 7U);
    EXPECT_EQ(asked->attached(), "picture");

    ASSERT_EQ(router.send(asked->peer, a_request(8)), Sent::Queued);
    const auto answered = dealer.receive_within(kPatienceMs);
    ASSERT_TRUE(answered);
    EXPECT_EQ(correlation_of(*answered), 8U);
    EXPECT_TRUE(answered->attached().empty());
    EXPECT_EQ(router.dropped(), 0U);
  }
}

TEST_F(Socket, MessagesOfOnePeerKeepTheirOrder) {
  constexpr std::uint64_t kMessages = 500;
  Router router = a_router();
  Dealer dealer = a_dealer(router.endpoint());

  for (std::uint64_t i = 0; i < kMessages; ++i) ASSERT_EQ(dealer.send(a_request(i)), Sent::Queued);

  for (std::uint64_t i = 0; i < kMessages; ++i) {
    const auto incoming = next(router);
    ASSERT_TRUE(incoming);
    EXPECT_EQ(correlation_of(*incoming), i);
  }
}

TEST_F(Socket, PeersAreToldApart) {
  Router router = a_router();
  Dealer first = a_dealer(router.endpoint());
  Dealer second = a_dealer(router.endpoint());
  ASSERT_EQ(first.send(a_request(1)), Sent::Queued);
  const auto from_first = next(router);
  ASSERT_EQ(second.send(a_request(2)), Sent::Queued);
  const auto from_second = next(router);
  ASSERT_TRUE(from_first && from_second);

  EXPECT_NE(from_first->peer, from_second->peer);
  router.send(from_second->peer, a_request(22));
  router.send(from_first->peer, a_request(11));

  EXPECT_EQ(correlation_of(*first.receive_within(kPatienceMs)), 11U);
  EXPECT_EQ(correlation_of(*second.receive_within(kPatienceMs)), 22U);
}

TEST_F(Socket, FramesThatAreNotOursAreDroppedAndCounted) {
  Router router = a_router();
  zmq::socket_t stranger = a_stranger(router.endpoint());
  const std::string body = a_request(5).SerializeAsString();
  const std::string magic(kMagic);

  send(stranger, {""});
  send(stranger, {"hello"});
  send(stranger, {magic});
  send(stranger, {"FRW0", body});
  send(stranger, {body, magic});
  send(stranger, {magic, body, "attachment", "too much"});
  send(stranger, std::vector<std::string>(1000, "x"));
  send(stranger, {magic, body});
  const auto incoming = next(router);

  ASSERT_TRUE(incoming);
  EXPECT_EQ(correlation_of(*incoming), 5U);
  EXPECT_EQ(router.dropped(), 7U);
  EXPECT_FALSE(router.receive());
}

TEST_F(Socket, ADealerDropsFramesThatAreNotOurs) {
  zmq::socket_t stranger(context_, zmq::socket_type::router);
  stranger.bind("inproc://stranger");
  Dealer dealer = a_dealer("inproc://stranger");
  ASSERT_EQ(dealer.send(a_request(1)), Sent::Queued);
  zmq::message_t peer;
  ASSERT_TRUE(stranger.recv(peer));
  const std::string name = peer.to_string();

  send(stranger, {name, "nonsense"});
  send(stranger, {name, std::string(kMagic), a_request(9).SerializeAsString()});
  auto incoming = dealer.receive_within(kPatienceMs);
  if (!incoming) incoming = dealer.receive_within(kPatienceMs);

  ASSERT_TRUE(incoming);
  EXPECT_EQ(correlation_of(*incoming), 9U);
}

TEST_F(Socket, BytesThatAreNoMessageDoNotParse) {
  Router router = a_router();
  zmq::socket_t stranger = a_stranger(router.endpoint());

  send(stranger, {std::string(kMagic), "\xff\xff\xff\xff"});
  const auto incoming = next(router);

  ASSERT_TRUE(incoming);
  v1::ClientRequest request;
  EXPECT_FALSE(incoming->parse_into(request));
}

TEST_F(Socket, APeerThatSendsTooMuchCostsOnlyItself) {
  Router router = a_router("tcp://127.0.0.1:0", {.max_message_bytes = 1000});
  Dealer good = a_dealer(router.endpoint());
  zmq::socket_t stranger = a_stranger(router.endpoint());

  send(stranger, {std::string(kMagic), std::string(100'000, 'x')});
  ASSERT_EQ(good.send(a_request(3)), Sent::Queued);
  const auto incoming = next(router);

  ASSERT_TRUE(incoming);
  EXPECT_EQ(correlation_of(*incoming), 3U);
}

TEST_F(Socket, RawBytesOnThePortCostOnlyTheirConnection) {
  Router router = a_router();
  const std::string endpoint = router.endpoint();
  const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  const FileDescriptor raw(::socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = loopback(number);
  ASSERT_EQ(::connect(raw.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string garbage = "GET / HTTP/1.1\r\nHost: furrow\r\n\r\n" + std::string(500, '\xfe');
  ASSERT_EQ(::send(raw.get(), garbage.data(), garbage.size(), 0),
            static_cast<ssize_t>(garbage.size()));

  Dealer good = a_dealer(endpoint);
  ASSERT_EQ(good.send(a_request(4)), Sent::Queued);
  const auto incoming = next(router);

  ASSERT_TRUE(incoming);
  EXPECT_EQ(correlation_of(*incoming), 4U);
}

TEST_F(Socket, PortZeroTakesAFreePortAndSaysWhich) {
  const Router first = a_router("tcp://127.0.0.1:0");
  const Router second = a_router("tcp://127.0.0.1:*");

  EXPECT_THAT(first.endpoint(), StartsWith("tcp://127.0.0.1:"));
  EXPECT_THAT(first.endpoint(), Not(EndsWith(":0")));
  EXPECT_NE(first.endpoint(), second.endpoint());
}

TEST_F(Socket, AnAddressInUseIsAConflictAndNamed) {
  const Router first = a_router();

  const auto second = Router::bind(context_, first.endpoint(), {});

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(second.error().message, HasSubstr(first.endpoint()));
}

TEST_F(Socket, AnAddressThatIsNoneIsAnError) {
  EXPECT_FALSE(Router::bind(context_, "nonsense", {}));
  EXPECT_FALSE(Router::bind(context_, "tcp://no-such-host.invalid:1", {}));
  EXPECT_FALSE(Dealer::connect(context_, "nonsense", {}));
}

TEST_F(Socket, APeerThatNeverWasIsGone) {
  Router router = a_router();

  EXPECT_EQ(router.send("nobody", a_request(1)), Sent::PeerIsGone);
}

TEST_F(Socket, ADealerWithoutAConnectionQueuesNothing) {
  // A port that is taken and that nobody listens on.
  const FileDescriptor taken(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));

  auto dealer = Dealer::connect(context_, endpoint, {});

  ASSERT_TRUE(dealer);
  EXPECT_NE(dealer->send(a_request(1)), Sent::Queued);
}

TEST_F(Socket, APeerThatDoesNotReadIsFullAndNotWaitedFor) {
  Router router = a_router("inproc://slow", {.high_water_mark = 4});
  auto dealer = Dealer::connect(context_, "inproc://slow", {.high_water_mark = 4});
  ASSERT_TRUE(dealer);

  Sent sent = Sent::Queued;
  int queued = 0;
  while (queued < 100 && (sent = dealer->send(a_request(1), "attachment")) == Sent::Queued)
    ++queued;

  EXPECT_EQ(sent, Sent::Full);
  EXPECT_GT(queued, 0);
  for (int i = 0; i < queued; ++i) {
    const auto incoming = next(router);
    ASSERT_TRUE(incoming);
    EXPECT_EQ(incoming->attached(), "attachment");
  }
}

TEST_F(Socket, WaitingForNothingEndsInTime) {
  Router router = a_router();
  Dealer dealer = a_dealer(router.endpoint());

  EXPECT_FALSE(dealer.receive_within(0));
  EXPECT_FALSE(router.receive());
}

TEST(Endpoint, AnyHostBecomesTheOneThatWasDialled) {
  EXPECT_EQ(endpoint_at_host_of("tcp://*:7712", "tcp://node1:7711"), "tcp://node1:7712");
  EXPECT_EQ(endpoint_at_host_of("tcp://0.0.0.0:7712", "tcp://node1:7711"), "tcp://node1:7712");
  EXPECT_EQ(endpoint_at_host_of("tcp://[::]:7712", "tcp://[fe80::1]:7711"), "tcp://[fe80::1]:7712");
  EXPECT_EQ(endpoint_at_host_of("tcp://node2:7712", "tcp://node1:7711"), "tcp://node2:7712");
  EXPECT_EQ(endpoint_at_host_of("nonsense", "tcp://node1:7711"), "nonsense");
}

}  // namespace
}  // namespace furrow::wire
