#pragma once

#include <stop_token>
#include <vector>

#include "common/wire/socket.h"
#include "coordinator/net/blob_desk.h"
#include "coordinator/net/traffic.h"

namespace furrow::net {

/// The blob thread: owns the blob port and the artifact store. Every message that waits is taken
/// before the finished blobs among them are synced, so the busier the port, the more blobs share
/// the cost of a sync.
class BlobLoop {
 public:
  /// Options for the Router of the blob port.
  static wire::SocketOptions socket_options();

  BlobLoop(wire::Router router, artifacts::ArtifactStore& store, InputLedger& ledger,
           Traffic& traffic)
      : router_(std::move(router)), desk_(store, ledger), traffic_(traffic) {}

  /// Runs until a stop is requested. Call once, in the thread that is to own the port.
  void run(const std::stop_token& stop);

 private:
  void take_waiting();
  void take(const wire::Incoming& incoming);
  void send_answers();

  wire::Router router_;
  BlobDesk desk_;
  Traffic& traffic_;
};

}  // namespace furrow::net
