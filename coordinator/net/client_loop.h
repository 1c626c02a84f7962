#pragma once

#include <stop_token>

#include "common/wire/socket.h"
#include "coordinator/net/client_desk.h"
#include "coordinator/net/traffic.h"
#include "coordinator/net/watch_list.h"

namespace furrow::net {

/// The client thread: owns the client port. One request is answered after another; while jobs are
/// watched it looks at them a few times a second and tells what changed.
class ClientLoop {
 public:
  /// Requires: `desk` is used by nobody else.
  ClientLoop(wire::Router router, ClientDesk& desk, Traffic& traffic)
      : router_(std::move(router)), desk_(desk), traffic_(traffic) {}

  /// Runs until a stop is requested. Call once, in the thread that is to own the port. Requires:
  /// the control thread runs until this has returned.
  void run(const std::stop_token& stop);

 private:
  void take_requests();
  void take(const wire::Incoming& incoming);
  void tell_watchers();
  void send(const std::string& peer, const v1::ClientReply& reply);

  wire::Router router_;
  ClientDesk& desk_;
  Traffic& traffic_;
  WatchList watchers_;
  Instant next_look_;
};

}  // namespace furrow::net
