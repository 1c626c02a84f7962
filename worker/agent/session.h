#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/model/model_index.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"
#include "worker/agent/attempt_table.h"
#include "worker/agent/effects.h"
#include "worker/agent/engine_slot.h"
#include "worker/agent/input_shelf.h"
#include "worker/agent/job_book.h"
#include "worker/channel/engine_exit.h"

namespace furrow::worker {

struct SessionOptions {
  std::string worker;                ///< the UUID kept on this machine's disk
  std::string name;                  ///< how people call this worker
  std::string version;               ///< of this program
  std::vector<std::string> devices;  ///< one engine each: "cpu", "cuda:0"
  std::vector<model::FoundModel> models;
  std::vector<LeftInput> left_inputs{};  ///< in the cache folder, the least recently used first
  std::uint64_t input_bytes = std::uint64_t{2} << 30;  ///< that the cache folder may hold
};

/// What the agent decides: a pure machine from events to effects. No clock, socket, disk or log.
///
/// Events go in through the on_… functions, in any order and number; `take_effects` then says what
/// is to be done. The rules:
/// - A finished picture stays in the spool until the coordinator acknowledges it, in whatever
///   session: it is uploaded, reported and reported again.
/// - Every attempt that an engine began ends in exactly one report a session: rendered or failed.
///   Attempts that the coordinator took back end in none.
/// - The first Hello waits for the engines' own, so that it says what this worker can do, but no
///   longer than kGatherPatience.
/// - A lost or silent coordinator stops nothing but the sending. The next Hello tells what is held;
///   what the Welcome drops is dropped.
/// - Pictures that cells begin with are fetched as soon as the lease is understood, so that they
/// are
///   here when the engine is free. One that cells use is never deleted.
/// - An engine that dies or is stuck costs the attempts it had begun. The others go to the next
///   engine, once; an attempt in the queue of two dying engines counts as begun.
///
/// Owned by the agent's one thread.
class Session {
 public:
  static constexpr Duration kGatherPatience = std::chrono::seconds(10);
  static constexpr Duration kHelloTimeout = std::chrono::seconds(3);
  static constexpr Duration kRefusedPause = std::chrono::seconds(30);
  static constexpr Duration kShortestSilence = std::chrono::seconds(4);
  static constexpr Duration kProgressInterval = std::chrono::milliseconds(250);
  static constexpr Duration kUploadTimeout = std::chrono::seconds(60);
  static constexpr Duration kUploadPause = std::chrono::seconds(5);
  static constexpr Duration kAcknowledgeTimeout = std::chrono::seconds(10);
  static constexpr Duration kPlanTimeout = std::chrono::seconds(2);
  static constexpr Duration kFarewell = std::chrono::seconds(5);
  /// Leases beyond this are refused: no coordinator in its senses goes past the credits.
  static constexpr std::size_t kMaxHeld = 8192;

  /// @param spooled what a former run left in the spool
  Session(SessionOptions options, const std::vector<v1::RenderedCell>& spooled);

  // The life of the agent.
  void on_started(Instant now);
  /// Now and then, some ten times a second. `free_memory_bytes` is for people to see.
  void on_tick(Instant now, std::uint64_t free_memory_bytes);
  /// Deliver what is finished, within kFarewell, give the rest back, and finish.
  void on_stop_requested(Instant now, std::string reason);

  // From the coordinator.
  void on_message(const v1::ToWorker& message, Instant now);
  /// Nothing can be sent any more. A hint that saves time: silence would tell the same.
  void on_unreachable(Instant now);
  void on_blob_stored(const Digest& digest, Instant now);
  void on_blob_refused(const Digest& digest, Instant now);

  // Of the pictures that cells begin with.
  void on_input_fetched(const Digest& input, std::string path, std::uint64_t bytes);
  /// The coordinator does not have it, so no worker gets it.
  void on_input_missing(const Digest& input);
  /// It did not come this time.
  void on_input_failed(const Digest& input, std::string_view reason);

  // From engines. `log_tail`: the last lines the engine wrote.
  void on_engine_hello(EngineIndex engine, const v1::EngineHello& hello, Instant now);
  void on_engine_progress(EngineIndex engine, const v1::EngineProgress& progress, Instant now);
  void on_engine_rendered(EngineIndex engine, const v1::EngineRendered& rendered,
                          std::string picture, Instant now);
  void on_engine_failed(EngineIndex engine, const v1::EngineFailed& failed,
                        std::string_view log_tail, Instant now);
  void on_engine_exited(EngineIndex engine, const EngineExit& exit, std::string_view log_tail,
                        Instant now);

  // From the spool.
  void on_spooled(const v1::Token& token, Instant now);
  void on_spool_failed(const v1::Token& token, std::string_view reason);

  /// What is to be done because of all that happened, in this order. Call after each round of
  /// events, again until it is empty.
  Effects take_effects(Instant now);

  const AttemptTable& attempts() const { return attempts_; }

  /// Leases it last asked the coordinator for.
  std::uint32_t credits() const { return told_credits_; }

  bool is_welcome() const { return link_ == Link::Welcomed; }

 private:
  /// Gathering, Greeting and Refused end by time, Welcomed by silence.
  enum class Link { Gathering, Greeting, Welcomed, Refused };

  // session.cpp: the coordinator.
  void greet_when_gathered(Instant now);
  void connect(std::string reason, Instant now);
  void on_welcome(const v1::Welcome& welcome, Instant now);
  void on_plan(const v1::PlanDefinition& plan);
  void on_offer(const v1::LeaseOffer& offer, Instant now);
  void on_revoked(const v1::LeaseRevoked& revoked);
  void watch_link(Instant now, std::uint64_t free_memory_bytes);
  void request_plans(Instant now);
  void take_back(Attempt& attempt);
  void prepare(Attempt& attempt);
  v1::Hello hello() const;
  v1::Capabilities capabilities() const;
  std::uint32_t wanted_credits() const;
  void tell_capabilities();
  void say_goodbye(Instant now);
  void send(v1::FromWorker message);

  // session_inputs.cpp: the pictures that cells begin with.
  void seek_inputs(Attempt& attempt);
  void queue_if_complete(Attempt& attempt);
  void stop_vain_fetches();
  void drop_surplus_inputs();

  // session_engines.cpp: the engines.
  void start_due_engines(Instant now);
  void kill_stuck_engines(Instant now);
  Duration allowance(EngineIndex engine);
  Pace pace_of(const Attempt& attempt) const;
  Attempt* rendering(EngineIndex engine, const v1::Token& token);
  void feed_engines(Instant now);
  std::optional<EngineIndex> least_loaded();
  void give_up_without_engines();
  void kill(EngineIndex engine, std::string reason, v1::FailureClass failure);
  void fail(Attempt& attempt, v1::FailureClass failure, std::string detail,
            std::string_view log_tail = {});

  // session_results.cpp: finished attempts on their way.
  void on_acknowledged(const v1::ResultAcknowledged& acknowledged);
  void deliver(Attempt& attempt, Instant now);
  void retry_deliveries(Instant now);
  void send_results(Instant now);
  void send_failures();
  void send_progress(Instant now);

  const SessionOptions options_;

  AttemptTable attempts_;
  JobBook jobs_;
  InputShelf inputs_;
  std::vector<EngineSlot> engines_;
  std::string last_engine_death_;  // for attempts that no engine is left for
  std::string last_engine_log_;

  Link link_ = Link::Gathering;
  Instant link_since_{};
  Instant heard_{};
  Instant heartbeat_sent_{};
  bool heartbeat_unanswered_ = false;
  Duration heartbeat_interval_ = std::chrono::seconds(1);
  double round_trip_s_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint32_t told_credits_ = 0;
  bool devices_changed_ = false;  // since the coordinator was last told of them
  Instant plans_requested_{};

  bool stopping_ = false;
  bool finished_ = false;
  Instant stop_at_{};
  std::string stop_reason_;

  Effects effects_;
};

}  // namespace furrow::worker
