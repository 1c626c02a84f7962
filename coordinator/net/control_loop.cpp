#include "coordinator/net/control_loop.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <type_traits>
#include <variant>

#include <spdlog/spdlog.h>

#include "common/base/version.h"
#include "coordinator/net/poll.h"
#include "coordinator/net/protocol.h"
#include "coordinator/net/stop_signal.h"
#include "coordinator/net/story.h"

namespace furrow::net {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
// A round is closed after so many messages, so that no commit waits for a long queue.
constexpr int kMessagesPerRound = 256;
constexpr int kCallsPerRound = 64;

/// May be left out when the peer reads too slowly: the next one says the same.
bool is_droppable(const v1::ToWorker& message) {
  return message.has_heartbeat();
}

}  // namespace

ControlLoop::ControlLoop(wire::Router router, core::Core core, store::StoreThread& store,
                         CoreCalls& calls, Traffic& traffic)
    : router_(std::move(router)),
      core_(std::move(core)),
      store_(store),
      calls_(calls),
      traffic_(traffic) {}

void ControlLoop::run(const std::stop_token& stop) {
  const StopSignal stopped(stop);
  next_tick_ = Now::read().instant;
  while (!stop.stop_requested()) {
    zmq::pollitem_t items[] = {{router_.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, calls_.mailbox().fd(), ZMQ_POLLIN, 0},
                               {nullptr, store_.fd(), ZMQ_POLLIN, 0},
                               {nullptr, stopped.fd(), ZMQ_POLLIN, 0}};
    wait_for_any(items, time_to_tick());
    take_messages();
    take_calls();
    tick_if_due();
    hand_over_ops();
    deliver_committed();
    hand_over_ops();  // of sessions that were found lost while delivering
    traffic_.worker_dropped = router_.dropped();
  }
}

void ControlLoop::take_messages() {
  for (int taken = 0; taken < kMessagesPerRound; ++taken) {
    const auto incoming = router_.receive();
    if (!incoming) return;
    take(*incoming);
  }
}

void ControlLoop::take_calls() {
  for (int taken = 0; taken < kCallsPerRound; ++taken) {
    auto call = calls_.mailbox().try_take();
    if (!call) return;
    apply(call->run(core_, Now::read()));
    outbox_.add(std::move(call->done), call->waits_for_disk ? current_sequence() : 0);
  }
}

void ControlLoop::tick_if_due() {
  const Now now = Now::read();
  if (now.instant < next_tick_ && !core_.has_backlog()) return;
  apply(core_.on_tick(now));
  next_tick_ = now.instant + kTick;
}

milliseconds ControlLoop::time_to_tick() const {
  if (core_.has_backlog()) return milliseconds(0);
  const auto left = std::chrono::ceil<milliseconds>(next_tick_ - Now::read().instant);
  return std::max(left, milliseconds(0));
}

void ControlLoop::take(const wire::Incoming& incoming) {
  const std::string& peer = incoming.peer;
  v1::FromWorker message;
  if (sessions_.is_cut_off(peer)) return router_.drop();
  if (!incoming.parse_into(message)) return on_nonsense(peer);
  if (message.has_hello()) return on_hello(peer, message.hello());
  const auto session = sessions_.of(peer);
  // Whoever was welcomed in an earlier life of the coordinator goes on for a moment as if nothing
  // had happened, so this is not held against him.
  if (!session) return router_.drop();
  if (message.version() != wire::kProtocol) return on_nonsense(peer);
  if (message.body_case() == v1::FromWorker::BODY_NOT_SET) return on_nonsense(peer);
  apply(decide(*session, message, Now::read()));
}

void ControlLoop::on_hello(const std::string& peer, const v1::Hello& hello) {
  if (const auto reason = why_not_speak(hello)) {
    spdlog::warn("worker refused name={} reason=\"{}\"", hello.name(), *reason);
    return refuse(peer, *reason);
  }
  if (const auto earlier = sessions_.of(peer)) lose(*earlier, core::GoneReason::Disconnected);
  apply(core_.on_worker_hello(sessions_.open(peer), hello, Now::read()));
}

core::Effects ControlLoop::decide(SessionId session, const v1::FromWorker& message, Now now) {
  switch (message.body_case()) {
    case v1::FromWorker::kCapabilities:
      return core_.on_capabilities(session, message.capabilities(), now);
    case v1::FromWorker::kProgress:
      return core_.on_progress(session, message.progress(), now);
    case v1::FromWorker::kRendered:
      return core_.on_cells_rendered(session, message.rendered(), now);
    case v1::FromWorker::kFailed:
      return core_.on_attempt_failed(session, message.failed(), now);
    case v1::FromWorker::kHeartbeat:
      return core_.on_heartbeat(session, message.heartbeat(), now);
    case v1::FromWorker::kGoodbye:
      return core_.on_goodbye(session, message.goodbye(), now);
    case v1::FromWorker::kPlanRequest:
      return core_.on_plan_requested(session, message.plan_request(), now);
    case v1::FromWorker::kHello:
    case v1::FromWorker::BODY_NOT_SET:
      break;
  }
  FURROW_CHECK(false, "take() sends these elsewhere");
}

void ControlLoop::on_nonsense(const std::string& peer) {
  router_.drop();
  if (!sessions_.add_fault(peer)) return;
  spdlog::warn("worker cut off, its messages cannot be read faults={}", Sessions::kMaxFaults);
  refuse(peer, "your messages cannot be read by this coordinator (furrow " + std::string(kVersion) +
                   "). Is this the worker port?");
  if (const auto session = sessions_.of(peer)) lose(*session, core::GoneReason::Malformed);
}

void ControlLoop::apply(core::Effects effects) {
  tell(effects.store);
  // An acknowledgement may speak of a result that an earlier message brought and that is not yet
  // committed: whoever is told so deletes its own copy.
  const bool waits =
      !effects.store.empty() ||
      std::any_of(effects.send.begin(), effects.send.end(), [](const core::ToSession& to) {
        return to.message.has_acknowledged();
      });
  std::move(effects.store.begin(), effects.store.end(), std::back_inserter(ops_));
  const store::Sequence after = waits ? current_sequence() : 0;
  for (auto& message : effects.send) outbox_.add(std::move(message), after);
  for (const SessionId session : effects.close) outbox_.add(CloseSession{session}, after);
}

store::Sequence ControlLoop::current_sequence() const {
  return ops_.empty() ? submitted_ : submitted_ + 1;
}

void ControlLoop::hand_over_ops() {
  if (ops_.empty()) return;
  store_.submit({++submitted_, std::exchange(ops_, {})});
}

void ControlLoop::deliver_committed() {
  store_.acknowledge();
  for (auto& delivery : outbox_.release(store_.committed())) {
    if (auto* message = std::get_if<core::ToSession>(&delivery)) {
      deliver(*message);
    } else if (const auto* close = std::get_if<CloseSession>(&delivery)) {
      sessions_.close(close->session);
    } else {
      std::get<Announcement>(delivery)();
    }
  }
}

void ControlLoop::deliver(core::ToSession& message) {
  const std::string* peer = sessions_.peer(message.session);
  if (peer == nullptr) return;
  message.message.set_version(wire::kProtocol);
  switch (router_.send(*peer, message.message)) {
    case wire::Sent::Queued:
      return;
    case wire::Sent::Full:
      if (is_droppable(message.message)) return;
      spdlog::warn("worker cut off, it reads too slowly session={}", message.session.value);
      return lose(message.session, core::GoneReason::Disconnected);
    case wire::Sent::PeerIsGone:
      return lose(message.session, core::GoneReason::Disconnected);
  }
}

void ControlLoop::lose(SessionId session, core::GoneReason reason) {
  apply(core_.on_worker_gone(session, reason, Now::read()));
  sessions_.close(session);
}

void ControlLoop::refuse(const std::string& peer, const std::string& reason) {
  v1::ToWorker message;
  message.set_version(wire::kProtocol);
  message.set_epoch(core_.epoch().value);
  message.mutable_refusal()->set_reason(reason);
  // Whether it still listens makes no difference.
  router_.send(peer, message);
}

}  // namespace furrow::net
