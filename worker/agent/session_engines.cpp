// What the session does with its engines.

#include <algorithm>
#include <utility>

#include "common/spec/inputs.h"
#include "worker/agent/session.h"
#include "worker/channel/engine_channel.h"

namespace furrow::worker {

namespace {

/// Engines whose death an attempt may wait through before it counts as what they died of.
constexpr int kDeathsOfAnUnstartedAttempt = 2;

std::string phase_in_words(const Attempt& attempt) {
  const auto& progress = attempt.progress;
  switch (progress.phase()) {
    case v1::PHASE_LOADING:
      return "while it loaded the model";
    case v1::PHASE_ENCODING:
      return "while it encoded the prompt";
    case v1::PHASE_DENOISING:
      return "at step " + std::to_string(progress.step()) + " of " +
             std::to_string(progress.steps());
    case v1::PHASE_DECODING:
      return "while it decoded the picture";
    default:
      return "before its first step";
  }
}

/// Cells of one shape step together.
bool have_one_shape(const v1::Recipe& a, const v1::Recipe& b) {
  return a.width() == b.width() && a.height() == b.height() && spec::have_same_models(a, b);
}

}  // namespace

void Session::start_due_engines(Instant now) {
  if (stopping_) return;
  for (EngineIndex engine = 0; engine < engines_.size(); ++engine) {
    if (!engines_[engine].is_due_to_start(now)) continue;
    engines_[engine].on_start(now);
    effects_.push_back(StartEngine{engine});
  }
}

void Session::on_engine_hello(EngineIndex engine, const v1::EngineHello& hello, Instant now) {
  auto& slot = engines_[engine];
  if (hello.protocol() != kEngineProtocol) {
    return kill(engine,
                "it speaks protocol " + std::to_string(hello.protocol()) + " and this agent " +
                    std::to_string(kEngineProtocol),
                v1::FAILURE_CLASS_LOST);
  }
  slot.on_hello(hello, now);
  devices_changed_ = true;
}

void Session::on_engine_progress(EngineIndex engine, const v1::EngineProgress& progress,
                                 Instant now) {
  engines_[engine].on_sign(now);
  auto* attempt = rendering(engine, progress.token());
  if (attempt == nullptr || attempt->state == AttemptState::Abandoned) return;
  const auto& last = attempt->progress;
  if (attempt->started && progress.phase() == v1::PHASE_DENOISING &&
      last.phase() == v1::PHASE_DENOISING && progress.step() > last.step()) {
    const auto steps = static_cast<int>(progress.step() - last.step());
    engines_[engine].watch().on_step(pace_of(*attempt), (now - attempt->step_at) / steps);
  }
  const bool is_first = !attempt->started;
  attempt->started = true;
  attempt->step_at = now;
  attempt->progress.set_phase(progress.phase());
  attempt->progress.set_step(progress.step());
  attempt->progress.set_steps(progress.steps());
  attempt->progress_unsent = true;
  if (is_first) attempt->progress_sent = now - kProgressInterval;
}

void Session::on_engine_rendered(EngineIndex engine, const v1::EngineRendered& rendered,
                                 std::string picture, Instant now) {
  auto& slot = engines_[engine];
  slot.on_sign(now);
  slot.on_cell_over();
  auto* attempt = rendering(engine, rendered.token());
  if (attempt == nullptr) return;
  slot.on_cell_seconds(rendered.timing().total());
  if (attempt->state == AttemptState::Abandoned) return attempts_.erase(rendered.token());
  if (!Digest::from_raw(rendered.recipe_hash())) {
    return fail(*attempt, v1::FAILURE_CLASS_INTERNAL,
                "the engine on " + slot.device() + " does not say which recipe it rendered");
  }
  attempt->engine.reset();
  attempt->cell.Clear();
  attempt->progress_unsent = false;
  auto& result = attempt->result;
  *result.mutable_token() = attempt->token;
  result.set_recipe_hash(rendered.recipe_hash());
  *result.mutable_timing() = rendered.timing();
  result.set_device(slot.device());
  if (picture.empty()) {
    attempt->state = AttemptState::Finished;
    return deliver(*attempt, now);
  }
  result.set_artifact(sha256(picture).raw());
  result.set_artifact_bytes(picture.size());
  attempt->state = AttemptState::Spooling;
  effects_.push_back(Spool{result, std::move(picture)});
}

void Session::on_engine_failed(EngineIndex engine, const v1::EngineFailed& failed,
                               std::string_view log_tail, Instant now) {
  engines_[engine].on_sign(now);
  engines_[engine].on_cell_over();
  if (auto* attempt = rendering(engine, failed.token())) {
    fail(*attempt, failed.class_(), failed.detail(), log_tail);
    attempt->failure.set_shared(failed.shared());
  }
  // After such a fault every further use of the device fails, until its process is a new one.
  if (failed.class_() == v1::FAILURE_CLASS_GPU_FAULT) {
    kill(engine, "its device had a fault", v1::FAILURE_CLASS_GPU_FAULT);
  }
}

void Session::on_engine_exited(EngineIndex engine, const EngineExit& exit,
                               std::string_view log_tail, Instant now) {
  auto& slot = engines_[engine];
  const bool was_killed = slot.is_being_killed();
  const auto failure = was_killed           ? slot.kill_class()
                       : exit.out_of_memory ? v1::FAILURE_CLASS_OOM
                                            : v1::FAILURE_CLASS_LOST;
  const std::string death = "the engine on " + slot.device() + " " +
                            (was_killed ? "was stopped because " + slot.kill_reason() : exit.words);
  slot.on_exit(now);
  devices_changed_ = true;
  last_engine_death_ = death;
  last_engine_log_ = log_tail;
  const std::uint32_t under_way = attempts_.under_way(engine);
  const std::uint32_t had = attempts_.with_engine(engine);
  for (const auto& key : attempts_.keys()) {
    auto& attempt = *attempts_.find(key);
    if (attempt.engine != engine) continue;
    ++attempt.engine_deaths;
    if (attempt.state == AttemptState::Abandoned) {
      attempts_.erase(v1::Token(attempt.token));
    } else if (attempt.is_under_way() || attempt.engine_deaths >= kDeathsOfAnUnstartedAttempt) {
      const bool shared = (attempt.is_under_way() ? under_way : had) > 1;
      fail(attempt, failure, death + " " + phase_in_words(attempt), log_tail);
      attempt.failure.set_shared(shared);
    } else {
      attempt.engine.reset();
      attempt.state = AttemptState::Waiting;
    }
  }
}

/// The attempt an engine speaks of, if that engine has it.
Attempt* Session::rendering(EngineIndex engine, const v1::Token& token) {
  auto* attempt = attempts_.find(token);
  if (attempt == nullptr || attempt->engine != engine) return nullptr;
  return attempt;
}

Pace Session::pace_of(const Attempt& attempt) const {
  const auto& recipe = attempt.cell.recipe();
  std::uint64_t together = 0;
  for (const auto& [key, other] : attempts_) {
    together += other.engine == attempt.engine && other.started ? 1 : 0;
  }
  return {recipe.model().hash(),
          std::uint64_t{recipe.width()} * recipe.height() * std::max<std::uint64_t>(together, 1)};
}

Duration Session::allowance(EngineIndex engine) {
  auto& slot = engines_[engine];
  if (!slot.is_ready()) return EngineSlot::kStartAllowance;
  Duration longest = Duration::zero();
  for (const auto& [key, attempt] : attempts_) {
    if (attempt.engine != engine || !attempt.started) continue;
    longest = std::max(longest, slot.watch().allowance(pace_of(attempt), attempt.progress.phase()));
  }
  return longest == Duration::zero() ? StepWatch::kLongest : longest;
}

void Session::kill_stuck_engines(Instant now) {
  for (EngineIndex engine = 0; engine < engines_.size(); ++engine) {
    auto& slot = engines_[engine];
    const bool is_busy = slot.state() == EngineState::Starting ||
                         (slot.is_ready() && attempts_.with_engine(engine) > 0);
    if (!is_busy || slot.is_being_killed() || now - slot.last_sign() < allowance(engine)) continue;
    const auto seconds = static_cast<long>(to_seconds(now - slot.last_sign()));
    kill(engine, "it made no progress for " + std::to_string(seconds) + " s",
         v1::FAILURE_CLASS_TIMEOUT);
  }
}

void Session::feed_engines(Instant now) {
  for (;;) {
    const auto waiting = attempts_.waiting();
    const auto engine = waiting.empty() ? std::nullopt : least_loaded();
    if (!engine) return;
    auto& slot = engines_[*engine];
    const auto has = attempts_.with_engine(*engine);
    const auto room = slot.credits(round_trip_s_) - has;
    const auto ready = static_cast<std::uint32_t>(
        std::count_if(engines_.begin(), engines_.end(),
                      [](const EngineSlot& other) { return other.is_ready(); }));
    const auto fair = (static_cast<std::uint32_t>(waiting.size()) + ready - 1) / ready;
    // One that goes alone waits until the engine is empty, and holds up the others meanwhile.
    const bool alone = waiting.front()->alone;
    if (alone && has > 0) return;
    const auto most = alone ? 1U : std::min({room, fair, ready > 1 ? slot.max_batch() : room});
    if (has == 0) slot.on_sign(now);
    v1::ToEngine message;
    for (Attempt* attempt : waiting) {
      if (static_cast<std::uint32_t>(message.render().cells_size()) == most) break;
      if (attempt->alone != waiting.front()->alone) continue;
      if (!have_one_shape(attempt->cell.recipe(), waiting.front()->cell.recipe())) continue;
      attempt->state = AttemptState::WithEngine;
      attempt->engine = *engine;
      attempt->started = false;
      attempt->progress.Clear();
      *message.mutable_render()->add_cells() = attempt->cell;
    }
    effects_.push_back(SendToEngine{*engine, std::move(message)});
  }
}

/// The ready engine with room whose queue is shortest for its size, or nothing.
std::optional<EngineIndex> Session::least_loaded() {
  std::optional<EngineIndex> best;
  double least = 1;
  for (EngineIndex engine = 0; engine < engines_.size(); ++engine) {
    auto& slot = engines_[engine];
    if (!slot.is_ready() || slot.is_being_killed() || attempts_.has_alone(engine)) continue;
    const double load = static_cast<double>(attempts_.with_engine(engine)) /
                        static_cast<double>(slot.credits(round_trip_s_));
    if (load < least) {
      least = load;
      best = engine;
    }
  }
  return best;
}

/// Attempts cannot wait for engines that do not start.
void Session::give_up_without_engines() {
  const bool all_lost = std::all_of(engines_.begin(), engines_.end(),
                                    [](const EngineSlot& slot) { return slot.is_lost(); });
  if (!all_lost) return;
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state == AttemptState::Waiting) {
      fail(attempt, v1::FAILURE_CLASS_LOST,
           "no engine of this worker starts: " + last_engine_death_, last_engine_log_);
    }
  }
}

void Session::kill(EngineIndex engine, std::string reason, v1::FailureClass failure) {
  auto& slot = engines_[engine];
  if (slot.is_being_killed()) return;
  slot.set_kill_reason(std::move(reason), failure);
  effects_.push_back(KillEngine{engine, slot.kill_reason()});
}

void Session::fail(Attempt& attempt, v1::FailureClass failure, std::string detail,
                   std::string_view log_tail) {
  if (attempt.state == AttemptState::Abandoned) return attempts_.erase(v1::Token(attempt.token));
  attempt.state = AttemptState::Failed;
  attempt.engine.reset();
  attempt.progress_unsent = false;
  attempt.failure.set_class_(failure);
  attempt.failure.set_detail(std::move(detail));
  attempt.failure.set_log_tail(std::string(log_tail));
}

}  // namespace furrow::worker
