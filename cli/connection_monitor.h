#pragma once

#include <optional>

#include <zmq.hpp>

namespace furrow::cli {

/// What became of a Dealer's connection, as ZeroMQ's own monitor tells it. Owned by the thread of
/// the socket; goes before it.
class ConnectionMonitor {
 public:
  enum class Event {
    Connected,
    Lost,          ///< a connection that stood is gone; ZeroMQ dials again by itself
    Refused,       ///< nobody listens there, or the host cannot be reached
    NoFurrowThere  ///< somebody listens who does not speak ZeroMQ
  };

  ConnectionMonitor(zmq::context_t& context, zmq::socket_ref watched);
  ~ConnectionMonitor();
  ConnectionMonitor(const ConnectionMonitor&) = delete;
  ConnectionMonitor& operator=(const ConnectionMonitor&) = delete;

  /// The next event, oldest first, or nothing. Never blocks.
  std::optional<Event> next();

  /// For polling: readable when there may be an event.
  zmq::socket_ref socket() { return events_; }

 private:
  zmq::socket_ref watched_;
  zmq::socket_t events_;
};

}  // namespace furrow::cli
