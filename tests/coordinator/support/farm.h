#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/core/core.h"
#include "tests/coordinator/support/sweeps.h"

namespace furrow::test {

/// A core under a clock that stands still, with everything it wanted written and sent. The
/// invariants are checked after every event.
class Farm {
 public:
  explicit Farm(core::Restored restored = {.epoch = Epoch{1}}, core::Settings settings = {})
      : core_(std::move(settings), std::move(restored), now_) {}

  core::Core& core() { return core_; }

  Now now() const { return now_; }

  void advance(Duration time) {
    now_.instant += time;
    now_.unix.value += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }

  /// Time passes in steps that a worker's heartbeats fill.
  void advance_alive(Duration time, const std::vector<SessionId>& alive) {
    for (Duration passed{}; passed < time; passed += std::chrono::seconds(1)) {
      advance(std::chrono::seconds(1));
      for (const SessionId id : alive) take(core_.on_heartbeat(id, {}, now_));
      tick();
    }
  }

  void tick() { take(core_.on_tick(now_)); }

  JobId submits(std::shared_ptr<const spec::Grid> grid, const std::string& name = "",
                int priority = 0) {
    auto submitted = core_.on_job_submitted({.name = name,
                                             .owner = "me",
                                             .priority = priority,
                                             .client_token = {},
                                             .grid = std::move(grid),
                                             .spec = {}},
                                            now_);
    const JobId job = submitted->job;
    take(std::move(submitted->effects));
    return job;
  }

  SessionId joins(const v1::Hello& hello) {
    const SessionId id{++sessions_};
    take(core_.on_worker_hello(id, hello, now_));
    return id;
  }

  void goes(SessionId id) { take(core_.on_worker_gone(id, core::GoneReason::Disconnected, now_)); }

  void progresses(SessionId id, const v1::Token& token, std::uint32_t step,
                  std::uint32_t steps = 20) {
    v1::Progress progress;
    *progress.mutable_token() = token;
    progress.set_phase(v1::PHASE_DENOISING);
    progress.set_step(step);
    progress.set_steps(steps);
    take(core_.on_progress(id, progress, now_));
  }

  /// The session returns the right picture, or one of another recipe.
  v1::ResultOutcome renders(SessionId id, const v1::Token& token, bool right = true) {
    v1::CellsRendered rendered;
    v1::RenderedCell& cell = *rendered.add_cells();
    *cell.mutable_token() = token;
    const auto grid = core_.exists(JobId{token.job()}) ? core_.grid(JobId{token.job()}) : nullptr;
    const Digest hash = grid && right ? grid->recipe_hash(token.cell()) : sha256("another");
    cell.set_recipe_hash(hash.raw());
    cell.set_artifact(sha256(hash.hex()).raw());
    cell.set_artifact_bytes(1000);
    cell.mutable_timing()->set_total(2);
    take(core_.on_cells_rendered(id, rendered, now_));
    return last<v1::ResultAcknowledged>(id)->outcomes(0);
  }

  void fails(SessionId id, const v1::Token& token, v1::FailureClass failure_class,
             bool shared = false) {
    v1::AttemptFailed failed;
    *failed.mutable_token() = token;
    failed.set_class_(failure_class);
    failed.set_detail("it broke");
    failed.set_shared(shared);
    take(core_.on_attempt_failed(id, failed, now_));
  }

  /// What the session holds by the offers and revocations it got, oldest first.
  std::vector<v1::Token> leases(SessionId id) {
    std::vector<v1::Token> held;
    for (const v1::ToWorker& message : sent_[id]) {
      for (int i = 0; i < message.offer().cells_size(); ++i) {
        v1::Token& token = held.emplace_back();
        token.set_job(message.offer().job());
        token.set_cell(message.offer().cells(i));
        token.set_attempt(message.offer().attempts(i));
        token.set_epoch(message.epoch());
      }
      std::erase_if(held, [&message](const v1::Token& token) {
        const auto is_it = [&token](const v1::Token& other) {
          return other.job() == token.job() && other.cell() == token.cell() &&
                 other.attempt() == token.attempt();
        };
        const auto& revoked = message.revoked().tokens();
        const auto& done = message.acknowledged().tokens();
        return std::any_of(revoked.begin(), revoked.end(), is_it) ||
               std::any_of(done.begin(), done.end(), is_it);
      });
    }
    return held;
  }

  v1::Token only_lease(SessionId id) {
    const auto held = leases(id);
    return held.empty() ? v1::Token{} : held.back();
  }

  /// The newest message of this kind that the session got.
  template <typename Message>
  std::optional<Message> last(SessionId id) {
    const auto& messages = sent_[id];
    for (auto it = messages.rbegin(); it != messages.rend(); ++it) {
      if (auto found = part<Message>(*it)) return found;
    }
    return std::nullopt;
  }

  /// How many messages of this kind the session got.
  template <typename Message>
  std::size_t count(SessionId id) {
    return static_cast<std::size_t>(std::count_if(
        sent_[id].begin(), sent_[id].end(),
        [](const v1::ToWorker& message) { return part<Message>(message).has_value(); }));
  }

  template <typename Op>
  std::vector<Op> stored() const {
    std::vector<Op> found;
    for (const core::StoreOp& op : stored_) {
      if (const Op* match = std::get_if<Op>(&op)) found.push_back(*match);
    }
    return found;
  }

  const std::vector<core::StoreOp>& all_stored() const { return stored_; }

  v1::JobView view(JobId job) { return core_.job_view(job, now_); }

  void take(core::Effects effects) {
    for (core::StoreOp& op : effects.store) stored_.push_back(std::move(op));
    for (core::ToSession& out : effects.send) sent_[out.session].push_back(std::move(out.message));
    for (const SessionId id : effects.close) closed_.push_back(id);
    core_.check_invariants();
  }

  const std::vector<SessionId>& closed() const { return closed_; }

 private:
  template <typename Message>
  static std::optional<Message> part(const v1::ToWorker& message) {
    if constexpr (std::is_same_v<Message, v1::Welcome>) {
      if (message.has_welcome()) return message.welcome();
    } else if constexpr (std::is_same_v<Message, v1::Refusal>) {
      if (message.has_refusal()) return message.refusal();
    } else if constexpr (std::is_same_v<Message, v1::PlanDefinition>) {
      if (message.has_plan()) return message.plan();
    } else if constexpr (std::is_same_v<Message, v1::LeaseRevoked>) {
      if (message.has_revoked()) return message.revoked();
    } else if constexpr (std::is_same_v<Message, v1::LeaseOffer>) {
      if (message.has_offer()) return message.offer();
    } else {
      if (message.has_acknowledged()) return message.acknowledged();
    }
    return std::nullopt;
  }

  Now now_{Instant{} + std::chrono::hours(1), UnixMillis{1'700'000'000'000}};
  core::Core core_;
  std::uint64_t sessions_ = 0;
  std::map<SessionId, std::vector<v1::ToWorker>> sent_;
  std::vector<core::StoreOp> stored_;
  std::vector<SessionId> closed_;
};

}  // namespace furrow::test
