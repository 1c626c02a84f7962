#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <zmq.hpp>

#include "common/base/result.h"

/// The only place that frames what goes on the line: the four bytes "FRW1", one protobuf message,
/// at most one attachment of raw bytes. All sockets are made, used and closed by one thread; only
/// the context is shared.
namespace furrow::wire {

inline constexpr std::string_view kMagic = "FRW1";
inline constexpr std::uint32_t kProtocol = 1;

/// Largest control message and largest blob frame, in bytes; a peer that sends more is
/// disconnected.
inline constexpr std::int64_t kMaxControlBytes = 8 << 20;
inline constexpr std::int64_t kMaxBlobBytes = 16 << 20;
/// A blob travels in pieces of this size.
inline constexpr std::size_t kBlobChunkBytes = 1 << 20;

/// One message as it came: `peer` is the routing id on a Router and empty on a Dealer.
struct Incoming {
  std::string peer;
  zmq::message_t body;        ///< the protobuf bytes
  zmq::message_t attachment;  ///< empty when there is none

  /// False: the bytes are no such message.
  bool parse_into(google::protobuf::MessageLite& message) const;
  std::string_view attached() const;
};

enum class Sent {
  Queued,
  Full,        ///< the peer does not keep up; a Dealer: perhaps it is not connected
  PeerIsGone,  ///< a Router: nobody of this routing id is connected
};

struct SocketOptions {
  std::int64_t max_message_bytes = kMaxControlBytes;
  int high_water_mark = 1024;  ///< messages per peer and direction
};

/// The coordinator's side. Takes messages from any peer, sends to one. Garbage is dropped and
/// counted, never thrown.
class Router {
 public:
  /// @param endpoint "tcp://127.0.0.1:7711"; port 0 or "*" takes a free one.
  /// Errors: Conflict when the address is in use.
  static Result<Router> bind(zmq::context_t& context, const std::string& endpoint,
                             const SocketOptions& options);

  /// The address really bound.
  std::string endpoint() const;
  /// The next well-framed message, or nothing when none waits. Never blocks.
  std::optional<Incoming> receive();
  Sent send(std::string_view peer, const google::protobuf::MessageLite& message,
            std::string_view attachment = {});

  /// How many multiparts were not framed as ours.
  std::uint64_t dropped() const { return dropped_; }

  /// Counts a message that was framed right and made no sense.
  void drop() { ++dropped_; }

  zmq::socket_ref socket() { return socket_; }

 private:
  explicit Router(zmq::socket_t socket) : socket_(std::move(socket)) {}

  zmq::socket_t socket_;
  std::uint64_t dropped_ = 0;
};

/// The side of workers and clients: connects out, to one coordinator; reconnects by itself.
class Dealer {
 public:
  /// Returns at once: the connection comes about in the background.
  static Result<Dealer> connect(zmq::context_t& context, const std::string& endpoint,
                                const SocketOptions& options);

  std::optional<Incoming> receive();
  /// Waits up to `timeout_ms` (-1: for ever) for a message.
  std::optional<Incoming> receive_within(int timeout_ms);
  Sent send(const google::protobuf::MessageLite& message, std::string_view attachment = {});

  zmq::socket_ref socket() { return socket_; }

 private:
  explicit Dealer(zmq::socket_t socket) : socket_(std::move(socket)) {}

  zmq::socket_t socket_;
};

/// "tcp://*:7712" as told by a coordinator that was dialled at "tcp://node1:7711" is
/// "tcp://node1:7712".
std::string endpoint_at_host_of(std::string_view told, std::string_view dialled);

}  // namespace furrow::wire
