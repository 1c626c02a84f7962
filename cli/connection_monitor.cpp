#include "cli/connection_monitor.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

namespace furrow::cli {

namespace {

constexpr int kWatchedEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

std::string unused_address() {
  static std::atomic<int> count = 0;
  return "inproc://furrow-connection-" + std::to_string(count++);
}

std::optional<ConnectionMonitor::Event> meaning_of(std::uint16_t event) {
  using Event = ConnectionMonitor::Event;
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return Event::Connected;
    case ZMQ_EVENT_DISCONNECTED:
      return Event::Lost;
    case ZMQ_EVENT_CONNECT_RETRIED:
      return Event::Refused;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return Event::NoFurrowThere;
    default:
      return std::nullopt;
  }
}

}  // namespace

ConnectionMonitor::ConnectionMonitor(zmq::context_t& context, zmq::socket_ref watched)
    : watched_(watched), events_(context, zmq::socket_type::pair) {
  const std::string address = unused_address();
  if (zmq_socket_monitor(watched_.handle(), address.c_str(), kWatchedEvents) != 0) {
    throw zmq::error_t();
  }
  events_.set(zmq::sockopt::linger, 0);
  events_.connect(address);
}

ConnectionMonitor::~ConnectionMonitor() {
  zmq_socket_monitor(watched_.handle(), nullptr, 0);
}

std::optional<ConnectionMonitor::Event> ConnectionMonitor::next() {
  for (;;) {
    // Two frames: the event's number (16 bits) with a value (32 bits), and the address.
    zmq::message_t event;
    zmq::message_t address;
    if (!events_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
    if (event.more() && !events_.recv(address)) return std::nullopt;
    std::uint16_t number = 0;
    if (event.size() >= sizeof number) std::memcpy(&number, event.data(), sizeof number);
    if (const auto meaning = meaning_of(number)) return meaning;
  }
}

}  // namespace furrow::cli
