#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "common/wire/socket.h"
#include "coordinator/core/core.h"
#include "coordinator/net/core_calls.h"
#include "coordinator/net/outbox.h"
#include "coordinator/net/sessions.h"
#include "coordinator/net/traffic.h"
#include "coordinator/store/store_thread.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::net {

/// The control thread: owns the core and the worker port. Whatever happens (a message, a call of
/// another thread, time) becomes one call of the core; what that returns is stored, and what is to
/// be sent goes out when it is committed: decide, commit, send.
///
/// A round takes what waits, up to a bound, and hands all its ops over as one batch.
class ControlLoop {
 public:
  ControlLoop(wire::Router router, core::Core core, store::StoreThread& store, CoreCalls& calls,
              Traffic& traffic);

  /// Runs until a stop is requested; what waits for the disk then is not sent, as after a crash.
  /// Call once, in the thread that is to own the core.
  void run(const std::stop_token& stop);

 private:
  void take_messages();
  void take_calls();
  void tick_if_due();
  std::chrono::milliseconds time_to_tick() const;

  void take(const wire::Incoming& incoming);
  void on_hello(const std::string& peer, const v1::Hello& hello);
  core::Effects decide(SessionId session, const v1::FromWorker& message, Now now);
  void on_nonsense(const std::string& peer);

  /// Queues the ops for the store and everything else behind their commit.
  void apply(core::Effects effects);
  /// The batch that holds the ops of this round, or the last one if it has none.
  store::Sequence current_sequence() const;
  void hand_over_ops();

  void deliver_committed();
  void deliver(core::ToSession& message);
  void lose(SessionId session, core::GoneReason reason);
  void refuse(const std::string& peer, const std::string& reason);

  // Parts, owned by the control thread.
  wire::Router router_;
  core::Core core_;
  store::StoreThread& store_;
  CoreCalls& calls_;
  Traffic& traffic_;

  Sessions sessions_;
  Outbox outbox_;
  std::vector<core::StoreOp> ops_;  // of this round
  store::Sequence submitted_ = 0;   // the last batch that was handed over
  Instant next_tick_;
};

}  // namespace furrow::net
