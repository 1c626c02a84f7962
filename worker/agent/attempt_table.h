#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"
#include "worker/agent/effects.h"

namespace furrow::worker {

/// Names an attempt whatever epoch its lease is from: a coordinator never reuses a number.
struct AttemptKey {
  std::uint64_t job = 0;
  std::uint64_t cell = 0;
  std::uint32_t attempt = 0;
  auto operator<=>(const AttemptKey&) const = default;
};

inline AttemptKey key_of(const v1::Token& token) {
  return {token.job(), token.cell(), token.attempt()};
}

/// Where an attempt is on its way through the agent.
///
///   AwaitsPlan → AwaitsInputs → Waiting ⇄ WithEngine → Spooling → Finished → (acknowledged)
///                     │                       │ └────────────────→ Failed → (reported)
///                     └→ Failed → (reported)  └→ Abandoned → (the engine's last word)
///
/// WithEngine goes back to Waiting when the engine dies before it began with the cell.
enum class AttemptState {
  AwaitsPlan,    ///< leased; what to render is not known yet
  AwaitsInputs,  ///< leased; pictures that it begins with are on their way here
  Waiting,       ///< leased, with all it needs but an engine
  WithEngine,    ///< sent to an engine, which works on it or will
  Spooling,      ///< rendered; its picture is being written to the spool
  Finished,      ///< rendered and safe; goes when the coordinator acknowledges it
  Failed,        ///< over; goes as soon as there is a coordinator to report it to
  Abandoned,     ///< taken back while with an engine; goes when the engine lets it go
};

/// How far a finished attempt is on its way to the coordinator.
enum class Delivery { Unsent, Uploading, Uploaded, Reported };

struct Attempt {
  v1::Token token;
  AttemptState state = AttemptState::AwaitsPlan;
  std::uint64_t arrival = 0;  ///< leases are begun in the order in which they came
  bool alone = false;         ///< it gets an engine to itself
  v1::RenderCell cell;        ///< from AwaitsInputs on, until it is rendered

  // With an engine.
  std::optional<EngineIndex> engine;
  bool started = false;   ///< the engine has said something of it
  int engine_deaths = 0;  ///< engines that died with it in their queue
  v1::Progress progress;  ///< the last one heard
  Instant step_at{};      ///< when its last step was heard
  bool progress_unsent = false;
  Instant progress_sent{};

  // Over.
  v1::RenderedCell result;
  Delivery delivery = Delivery::Unsent;
  Instant retry_at{};  ///< when to try the delivery again
  v1::AttemptFailed failure;

  /// The engine is at work on it, beyond the loading of its model.
  bool is_under_way() const {
    return state == AttemptState::WithEngine && started && progress.phase() > v1::PHASE_LOADING;
  }

  bool has_picture() const { return !result.artifact().empty(); }

  bool is_held() const { return state != AttemptState::Abandoned; }
};

/// Every attempt the agent knows, in the order of their keys. Bounded by what a coordinator may
/// lease to one worker.
class AttemptTable {
 public:
  /// Nothing when there is none.
  Attempt* find(const v1::Token& token);
  /// Requires: no attempt of this token's key is there.
  Attempt& add(const v1::Token& token, AttemptState state);

  void erase(const v1::Token& token) { attempts_.erase(key_of(token)); }

  /// Attempts that a coordinator counts as this worker's.
  std::uint32_t held() const;
  /// Cells that an engine still has, abandoned ones too.
  std::uint32_t with_engine(EngineIndex engine) const;
  /// Cells that an engine is at work on.
  std::uint32_t under_way(EngineIndex engine) const;
  bool has_alone(EngineIndex engine) const;
  /// Attempts in state Waiting, in the order of their arrival.
  std::vector<Attempt*> waiting();
  bool any_in(AttemptState state) const;

  /// Keys, so that attempts can be erased while walking over them.
  std::vector<AttemptKey> keys() const;
  Attempt* find(const AttemptKey& key);

  auto begin() { return attempts_.begin(); }

  auto end() { return attempts_.end(); }

  auto begin() const { return attempts_.begin(); }

  auto end() const { return attempts_.end(); }

  std::size_t size() const { return attempts_.size(); }

 private:
  std::map<AttemptKey, Attempt> attempts_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace furrow::worker
