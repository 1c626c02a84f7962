#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/agent/session.h"
#include "worker/channel/engine_channel.h"

namespace furrow::worker {

using namespace std::chrono_literals;

inline constexpr std::uint64_t kJob = 7;

/// A session on a bench: the test plays the coordinator, the engines, the spool and the clock, and
/// sees every effect. Spooling succeeds at once unless `spool_works` is false.
class SessionBench {
 public:
  explicit SessionBench(std::vector<std::string> devices = {"cpu"},
                        const std::vector<v1::RenderedCell>& spooled = {})
      : SessionBench(std::in_place, options(std::move(devices)), spooled) {}

  /// The same with any options; the tag tells them from a list of devices.
  SessionBench(std::in_place_t, SessionOptions options,
               const std::vector<v1::RenderedCell>& spooled = {})
      : session_(std::move(options), spooled) {
    now_ = Instant{} + 1h;
    session_.on_started(now_);
    settle();
  }

  static model::FoundModel a_model() {
    model::FoundModel found;
    found.path = "/models/emoji";
    found.description.mutable_model()->set_name("emoji");
    found.description.mutable_model()->set_hash(sha256("emoji").raw());
    found.description.set_family("sd1");
    return found;
  }

  static SessionOptions options(std::vector<std::string> devices) {
    return {.worker = "6e1f1f0c-0000-4000-8000-000000000001",
            .name = "bench",
            .version = "0.1.0",
            .devices = std::move(devices),
            .models = {a_model()}};
  }

  /// `cells` seeds of one recipe.
  static v1::PlanDefinition a_plan(std::uint64_t cells = 1000, std::uint64_t job = kJob) {
    v1::PlanDefinition definition;
    definition.set_job(job);
    definition.set_name("first");
    auto& base = *definition.mutable_plan()->mutable_base();
    base.set_prompt("a cat face");
    base.set_steps(20);
    base.set_guidance_scale(7);
    base.set_sampler("euler");
    base.set_schedule("normal");
    base.set_width(128);
    base.set_height(128);
    base.set_clip_skip(1);
    *base.mutable_model() = a_model().description.model();
    auto& axis = *definition.mutable_plan()->add_axes();
    axis.set_label("Seed");
    axis.set_field("seed");
    auto& run = *axis.mutable_values()->add_integers();
    run.set_step(1);
    run.set_count(cells);
    return definition;
  }

  v1::Token token(std::uint64_t cell, std::uint32_t attempt = 1) const {
    v1::Token token;
    token.set_job(kJob);
    token.set_cell(cell);
    token.set_attempt(attempt);
    token.set_epoch(epoch_);
    return token;
  }

  // The clock.
  void advance(Duration by) { now_ += by; }

  void tick() {
    session_.on_tick(now_, 1 << 30);
    settle();
  }

  /// Lets time go by as the loop does, heartbeats answered.
  void pass(Duration by) {
    for (const auto end = now_ + by; now_ < end;) {
      now_ += std::min<Duration>(100ms, end - now_);
      session_.on_tick(now_, 1 << 30);
      settle();
      if (answers_heartbeats && last_from_worker_is_heartbeat_) {
        v1::ToWorker reply;
        reply.mutable_heartbeat();
        from_coordinator(std::move(reply));
      }
    }
  }

  // The coordinator.

  /// Waits for the hello, if it is not said yet, and answers it.
  void welcome(std::uint64_t epoch = 1, std::vector<v1::Token> adopted = {},
               std::vector<v1::Token> dropped = {}) {
    if (!said_hello_) pass(Session::kGatherPatience);
    epoch_ = epoch;
    v1::ToWorker message;
    auto& welcome = *message.mutable_welcome();
    welcome.set_epoch(epoch);
    welcome.set_blob_endpoint("tcp://*:7712");
    welcome.set_heartbeat_ms(1000);
    for (const auto& token : adopted) *welcome.add_adopted() = token;
    for (const auto& token : dropped) *welcome.add_dropped() = token;
    from_coordinator(std::move(message));
  }

  void plan(std::uint64_t cells = 1000) {
    v1::ToWorker message;
    *message.mutable_plan() = a_plan(cells);
    from_coordinator(std::move(message));
  }

  void offer(const std::vector<std::uint64_t>& cells, std::uint32_t attempt = 1,
             const std::vector<std::uint64_t>& alone = {}) {
    v1::ToWorker message;
    message.mutable_offer()->set_job(kJob);
    for (const auto cell : cells) {
      message.mutable_offer()->add_cells(cell);
      message.mutable_offer()->add_attempts(attempt);
    }
    for (const auto cell : alone) message.mutable_offer()->add_alone(cell);
    from_coordinator(std::move(message));
  }

  void revoke(std::uint64_t cell) {
    v1::ToWorker message;
    *message.mutable_revoked()->add_tokens() = token(cell);
    from_coordinator(std::move(message));
  }

  void acknowledge(std::uint64_t cell, v1::ResultOutcome outcome = v1::RESULT_OUTCOME_ACCEPTED) {
    v1::ToWorker message;
    *message.mutable_acknowledged()->add_tokens() = token(cell);
    message.mutable_acknowledged()->add_outcomes(outcome);
    from_coordinator(std::move(message));
  }

  void from_coordinator(v1::ToWorker message) {
    message.set_version(1);
    message.set_epoch(epoch_);
    session_.on_message(message, now_);
    settle();
  }

  void unreachable() {
    session_.on_unreachable(now_);
    settle();
  }

  void blob_stored(const std::string& picture) {
    session_.on_blob_stored(sha256(picture), now_);
    settle();
  }

  void blob_refused(const std::string& picture) {
    session_.on_blob_refused(sha256(picture), now_);
    settle();
  }

  // The pictures that cells begin with; the content of each is its name.
  void input_fetched(const std::string& name, std::uint64_t bytes = 1000) {
    session_.on_input_fetched(sha256(name), "/inputs/" + name, bytes);
    settle();
  }

  void input_missing(const std::string& name) {
    session_.on_input_missing(sha256(name));
    settle();
  }

  void input_failed(const std::string& name) {
    session_.on_input_failed(sha256(name), "the line is down");
    settle();
  }

  /// The names that would be asked for since the last call, of those in `known`.
  std::vector<std::string> take_fetches(const std::vector<std::string>& known) {
    std::vector<std::string> names;
    for (const auto& fetch : take<FetchInput>()) {
      for (const auto& name : known) {
        if (sha256(name) == fetch.digest) names.push_back(name);
      }
    }
    return names;
  }

  // The engines.
  void engine_ready(EngineIndex engine = 0, std::uint32_t max_batch = 2) {
    v1::EngineHello hello;
    hello.set_protocol(kEngineProtocol);
    hello.set_backend("bench");
    hello.set_max_batch(max_batch);
    session_.on_engine_hello(engine, hello, now_);
    settle();
  }

  void progress(std::uint64_t cell, std::uint32_t step, EngineIndex engine = 0,
                v1::Phase phase = v1::PHASE_DENOISING) {
    v1::EngineProgress progress;
    *progress.mutable_token() = token(cell);
    progress.set_phase(phase);
    progress.set_step(step);
    progress.set_steps(20);
    session_.on_engine_progress(engine, progress, now_);
    settle();
  }

  void rendered(std::uint64_t cell, const std::string& picture, EngineIndex engine = 0,
                double seconds = 2) {
    v1::EngineRendered rendered;
    *rendered.mutable_token() = token(cell);
    rendered.set_recipe_hash(sha256("recipe").raw());
    rendered.mutable_timing()->set_total(seconds);
    session_.on_engine_rendered(engine, rendered, picture, now_);
    settle();
  }

  void engine_failed(std::uint64_t cell, v1::FailureClass failure, EngineIndex engine = 0) {
    v1::EngineFailed failed;
    *failed.mutable_token() = token(cell);
    failed.set_class_(failure);
    failed.set_detail("no such thing");
    session_.on_engine_failed(engine, failed, "last words", now_);
    settle();
  }

  void engine_exited(EngineIndex engine = 0,
                     const EngineExit& exit = {"was killed by signal 9 (Killed)"}) {
    session_.on_engine_exited(engine, exit, "last words", now_);
    settle();
  }

  void stop() {
    session_.on_stop_requested(now_, "stopped");
    settle();
  }

  // What it did.

  /// All effects of a kind since the last call for this kind.
  template <typename Kind>
  std::vector<Kind> take() {
    std::vector<Kind> taken;
    std::erase_if(effects_, [&taken](const Effect& effect) {
      const auto* kind = std::get_if<Kind>(&effect);
      if (kind != nullptr) taken.push_back(*kind);
      return kind != nullptr;
    });
    return taken;
  }

  /// Messages to the coordinator of one kind, e.g. &v1::FromWorker::has_hello.
  std::vector<v1::FromWorker> take_sent(bool (v1::FromWorker::*is_kind)() const) {
    std::vector<v1::FromWorker> taken;
    std::erase_if(effects_, [&](const Effect& effect) {
      const auto* sent = std::get_if<SendToCoordinator>(&effect);
      const bool is_it = sent != nullptr && (sent->message.*is_kind)();
      if (is_it) taken.push_back(sent->message);
      return is_it;
    });
    return taken;
  }

  /// The cells given to an engine since the last call, in order.
  std::vector<std::uint64_t> take_given(EngineIndex engine = 0) {
    std::vector<std::uint64_t> cells;
    std::erase_if(effects_, [&](const Effect& effect) {
      const auto* sent = std::get_if<SendToEngine>(&effect);
      if (sent == nullptr || sent->engine != engine || !sent->message.has_render()) return false;
      for (const auto& cell : sent->message.render().cells()) cells.push_back(cell.token().cell());
      return true;
    });
    return cells;
  }

  /// The cells reported as rendered since the last call.
  std::vector<std::uint64_t> take_reported() {
    std::vector<std::uint64_t> cells;
    for (const auto& message : take_sent(&v1::FromWorker::has_rendered)) {
      for (const auto& cell : message.rendered().cells()) cells.push_back(cell.token().cell());
    }
    return cells;
  }

  std::vector<v1::AttemptFailed> take_failures() {
    std::vector<v1::AttemptFailed> failures;
    for (const auto& message : take_sent(&v1::FromWorker::has_failed)) {
      failures.push_back(message.failed());
    }
    return failures;
  }

  void forget_effects() { effects_.clear(); }

  Session& session() { return session_; }

  bool spool_works = true;
  bool answers_heartbeats = true;

 private:
  void settle() {
    last_from_worker_is_heartbeat_ = false;
    for (auto effects = session_.take_effects(now_); !effects.empty();
         effects = session_.take_effects(now_)) {
      for (auto& effect : effects) {
        if (const auto* spool = std::get_if<Spool>(&effect)) {
          if (spool_works) {
            session_.on_spooled(spool->cell.token(), now_);
          } else {
            session_.on_spool_failed(spool->cell.token(), "no space left on device");
          }
        }
        const auto* sent = std::get_if<SendToCoordinator>(&effect);
        if (sent != nullptr && sent->message.has_hello()) said_hello_ = true;
        if (sent != nullptr && sent->message.has_heartbeat()) last_from_worker_is_heartbeat_ = true;
        effects_.push_back(std::move(effect));
      }
    }
  }

  Session session_;
  Instant now_{};
  std::uint64_t epoch_ = 0;
  Effects effects_;
  bool said_hello_ = false;
  bool last_from_worker_is_heartbeat_ = false;
};

/// A bench with a welcome session, one engine of batch size `max_batch` and the plan of kJob.
inline SessionBench a_working_bench(std::uint32_t max_batch = 2) {
  SessionBench bench;
  bench.engine_ready(0, max_batch);
  bench.welcome();
  bench.plan();
  bench.forget_effects();
  return bench;
}

}  // namespace furrow::worker
