#include "common/wire/socket.h"

#include <cerrno>
#include <vector>

namespace furrow::wire {

namespace {

// Reconnecting and half-open connections; figures of ZeroMQ practice for a farm on a LAN.
constexpr int kHeartbeatMs = 1000;
constexpr int kHeartbeatTimeoutMs = 3000;
constexpr int kHeartbeatTtlMs = 5000;
constexpr int kHandshakeMs = 5000;
constexpr int kConnectTimeoutMs = 5000;
constexpr int kReconnectMs = 50;
constexpr int kReconnectMaxMs = 2000;
constexpr int kBacklog = 1024;
constexpr int kLingerMs = 500;
constexpr std::size_t kMaxFrames = 4;

void set_common_options(zmq::socket_t& socket, const SocketOptions& options) {
  socket.set(zmq::sockopt::sndhwm, options.high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, options.high_water_mark);
  socket.set(zmq::sockopt::maxmsgsize, options.max_message_bytes);
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  socket.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMs);
  socket.set(zmq::sockopt::heartbeat_ttl, kHeartbeatTtlMs);
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  socket.set(zmq::sockopt::linger, kLingerMs);
}

/// Every frame of the next multipart, drained even when there are too many. Empty: nothing waits.
std::vector<zmq::message_t> receive_frames(zmq::socket_t& socket) {
  std::vector<zmq::message_t> frames;
  for (bool more = true; more;) {
    zmq::message_t frame;
    if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
    more = frame.more();
    if (frames.size() <= kMaxFrames) frames.push_back(std::move(frame));
  }
  return frames;
}

/// frames[first…] as magic, body and perhaps an attachment.
std::optional<Incoming> unframe(std::vector<zmq::message_t>& frames, std::size_t first) {
  const std::size_t count = frames.size() - first;
  if (frames.size() < first || count < 2 || count > 3) return std::nullopt;
  if (frames[first].to_string_view() != kMagic) return std::nullopt;
  Incoming incoming;
  if (first > 0) incoming.peer = frames[0].to_string();
  incoming.body = std::move(frames[first + 1]);
  if (count == 3) incoming.attachment = std::move(frames[first + 2]);
  return incoming;
}

Sent send_frames(zmq::socket_t& socket, const std::string_view* peer,
                 const google::protobuf::MessageLite& message, std::string_view attachment) {
  zmq::message_t body(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(body.data()));
  const auto more = zmq::send_flags::sndmore | zmq::send_flags::dontwait;
  try {
    // The first frame decides whether the whole multipart goes: ZeroMQ never cuts one in two.
    if (peer != nullptr) {
      if (!socket.send(zmq::buffer(*peer), more)) return Sent::Full;
      socket.send(zmq::buffer(kMagic), more);
    } else if (!socket.send(zmq::buffer(kMagic), more)) {
      return Sent::Full;
    }
    socket.send(body, attachment.empty() ? zmq::send_flags::dontwait : more);
    if (!attachment.empty()) socket.send(zmq::buffer(attachment), zmq::send_flags::dontwait);
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return Sent::PeerIsGone;
    throw;
  }
  return Sent::Queued;
}

Error socket_error(const char* what, const std::string& endpoint, const zmq::error_t& error) {
  const auto kind = error.num() == EADDRINUSE ? ErrorKind::Conflict : ErrorKind::Io;
  return {kind, std::string(what) + " " + endpoint + ": " + error.what()};
}

}  // namespace

bool Incoming::parse_into(google::protobuf::MessageLite& message) const {
  return message.ParseFromArray(body.data(), static_cast<int>(body.size()));
}

std::string_view Incoming::attached() const {
  return attachment.to_string_view();
}

Result<Router> Router::bind(zmq::context_t& context, const std::string& endpoint,
                            const SocketOptions& options) {
  try {
    zmq::socket_t socket(context, zmq::socket_type::router);
    set_common_options(socket, options);
    socket.set(zmq::sockopt::router_mandatory, true);
    socket.set(zmq::sockopt::backlog, kBacklog);
    const bool any_port = endpoint.size() > 2 && endpoint.ends_with(":0");
    socket.bind(any_port ? endpoint.substr(0, endpoint.size() - 1) + "*" : endpoint);
    return Router(std::move(socket));
  } catch (const zmq::error_t& error) {
    return Unexpected(socket_error("cannot listen on", endpoint, error));
  }
}

std::string Router::endpoint() const {
  return socket_.get(zmq::sockopt::last_endpoint);
}

std::optional<Incoming> Router::receive() {
  for (;;) {
    auto frames = receive_frames(socket_);
    if (frames.empty()) return std::nullopt;
    if (auto incoming = unframe(frames, 1)) return incoming;
    ++dropped_;
  }
}

Sent Router::send(std::string_view peer, const google::protobuf::MessageLite& message,
                  std::string_view attachment) {
  return send_frames(socket_, &peer, message, attachment);
}

Result<Dealer> Dealer::connect(zmq::context_t& context, const std::string& endpoint,
                               const SocketOptions& options) {
  try {
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    set_common_options(socket, options);
    socket.set(zmq::sockopt::immediate, true);
    socket.set(zmq::sockopt::connect_timeout, kConnectTimeoutMs);
    socket.set(zmq::sockopt::reconnect_ivl, kReconnectMs);
    socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMs);
    socket.connect(endpoint);
    return Dealer(std::move(socket));
  } catch (const zmq::error_t& error) {
    return Unexpected(socket_error("cannot connect to", endpoint, error));
  }
}

std::optional<Incoming> Dealer::receive() {
  for (;;) {
    auto frames = receive_frames(socket_);
    if (frames.empty()) return std::nullopt;
    if (auto incoming = unframe(frames, 0)) return incoming;
  }
}

std::optional<Incoming> Dealer::receive_within(int timeout_ms) {
  if (auto incoming = receive()) return incoming;
  zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
  try {
    zmq::poll(&item, 1, std::chrono::milliseconds(timeout_ms));
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
  return receive();
}

Sent Dealer::send(const google::protobuf::MessageLite& message, std::string_view attachment) {
  return send_frames(socket_, nullptr, message, attachment);
}

std::string endpoint_at_host_of(std::string_view told, std::string_view dialled) {
  const auto told_port = told.rfind(':');
  const auto dialled_port = dialled.rfind(':');
  if (told_port == std::string_view::npos || dialled_port == std::string_view::npos) {
    return std::string(told);
  }
  const auto host = told.substr(0, told_port);
  const bool any_host = host == "tcp://*" || host == "tcp://0.0.0.0" || host == "tcp://[::]";
  return any_host ? std::string(dialled.substr(0, dialled_port)).append(told.substr(told_port))
                  : std::string(told);
}

}  // namespace furrow::wire
