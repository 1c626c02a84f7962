#include "coordinator/net/client_loop.h"

#include <algorithm>
#include <chrono>

#include <spdlog/spdlog.h>

#include "coordinator/net/poll.h"
#include "coordinator/net/stop_signal.h"

namespace furrow::net {

namespace {

using std::chrono::milliseconds;

// Five looks a second: faster than people read, slow enough for a thousand watchers.
constexpr milliseconds kLook{200};
constexpr milliseconds kIdle{5000};
constexpr int kRequestsPerRound = 64;

}  // namespace

void ClientLoop::run(const std::stop_token& stop) {
  const StopSignal stopped(stop);
  while (!stop.stop_requested()) {
    zmq::pollitem_t items[] = {{router_.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, stopped.fd(), ZMQ_POLLIN, 0}};
    const auto to_look = std::chrono::ceil<milliseconds>(next_look_ - Now::read().instant);
    wait_for_any(items, watchers_.empty() ? kIdle : std::max(to_look, milliseconds(0)));
    take_requests();
    tell_watchers();
    traffic_.client_dropped = router_.dropped();
  }
}

void ClientLoop::take_requests() {
  for (int taken = 0; taken < kRequestsPerRound; ++taken) {
    const auto incoming = router_.receive();
    if (!incoming) return;
    take(*incoming);
  }
}

void ClientLoop::take(const wire::Incoming& incoming) {
  v1::ClientRequest request;
  if (!incoming.parse_into(request)) return router_.drop();
  auto answer = desk_.answer(request);
  if (answer.watched &&
      !watchers_.add(incoming.peer, request.correlation(), *answer.watched, Now::read().instant)) {
    *answer.reply.mutable_error() =
        to_error_reply({ErrorKind::Conflict,
                        "too many clients follow jobs already. Ask for the job instead: "
                        "furrow job show"});
  }
  send(incoming.peer, answer.reply);
}

void ClientLoop::tell_watchers() {
  const Instant now = Now::read().instant;
  if (watchers_.empty() || now < next_look_) return;
  next_look_ = now + kLook;
  const auto snapshots = desk_.snapshots(watchers_.jobs());
  v1::ClientReply reply;
  reply.set_version(wire::kProtocol);
  for (const auto& due : watchers_.take_due(snapshots, now)) {
    reply.set_correlation(due.correlation);
    *reply.mutable_job()->mutable_job() = *due.view;
    send(due.peer, reply);
  }
}

void ClientLoop::send(const std::string& peer, const v1::ClientReply& reply) {
  switch (router_.send(peer, reply)) {
    case wire::Sent::Queued:
      return;
    case wire::Sent::Full:
      // A client that does not read misses what it asked for, and nobody else does.
      spdlog::warn("reply dropped, the client reads too slowly");
      watchers_.drop_peer(peer);
      return;
    case wire::Sent::PeerIsGone:
      watchers_.drop_peer(peer);
      return;
  }
}

}  // namespace furrow::net
