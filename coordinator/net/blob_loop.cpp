#include "coordinator/net/blob_loop.h"

#include <chrono>

#include <spdlog/spdlog.h>

#include "coordinator/net/poll.h"
#include "coordinator/net/stop_signal.h"

namespace furrow::net {

namespace {

// What one round takes at most before it syncs and answers: 64 chunks of 1 MiB.
constexpr int kMessagesPerRound = 64;
constexpr std::chrono::seconds kTick{5};
// Inputs live for a day, so nobody misses what a look costs.
constexpr std::chrono::minutes kSweepInterval{10};
// Chunks that may wait for one slow reader, of 1 MiB each.
constexpr int kHighWaterMark = 64;

}  // namespace

wire::SocketOptions BlobLoop::socket_options() {
  return {.max_message_bytes = wire::kMaxBlobBytes, .high_water_mark = kHighWaterMark};
}

void BlobLoop::run(const std::stop_token& stop) {
  const StopSignal stopped(stop);
  Instant next_tick = Now::read().instant + kTick;
  Instant next_sweep = Now::read().instant;
  while (!stop.stop_requested()) {
    zmq::pollitem_t items[] = {{router_.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, stopped.fd(), ZMQ_POLLIN, 0}};
    wait_for_any(items, std::chrono::milliseconds(kTick));
    take_waiting();
    if (desk_.has_finished()) desk_.commit_finished();
    send_answers();
    traffic_.blob_dropped = router_.dropped();
    if (const Instant now = Now::read().instant; now >= next_tick) {
      desk_.drop_idle(now);
      next_tick = now + kTick;
      if (now >= next_sweep && !desk_.sweep_inputs()) next_sweep = now + kSweepInterval;
    }
  }
}

void BlobLoop::take_waiting() {
  for (int taken = 0; taken < kMessagesPerRound; ++taken) {
    const auto incoming = router_.receive();
    if (!incoming) return;
    take(*incoming);
  }
}

void BlobLoop::take(const wire::Incoming& incoming) {
  v1::BlobRequest request;
  const bool makes_sense =
      incoming.parse_into(request) &&
      desk_.on_request(incoming.peer, request, incoming.attached(), Now::read().instant);
  if (!makes_sense) router_.drop();
}

void BlobLoop::send_answers() {
  for (const BlobAnswer& answer : desk_.take_answers()) {
    switch (router_.send(answer.peer, answer.reply, answer.attachment)) {
      case wire::Sent::Queued:
        break;
      case wire::Sent::Full:
        // The peer asked for more than it reads. It misses this answer and will ask again.
        spdlog::warn("blob answer dropped, the peer reads too slowly");
        break;
      case wire::Sent::PeerIsGone:
        desk_.on_peer_gone(answer.peer);
        break;
    }
  }
}

}  // namespace furrow::net
