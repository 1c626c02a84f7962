#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"
#include "worker/agent/step_watch.h"

namespace furrow::worker {

enum class EngineState {
  Down,      ///< waits for its next start
  Starting,  ///< started, has not said hello
  Ready,
};

/// One device's engine as the session sees it: whether it runs, how much it is given, when it
/// counts as stuck, when it is started again. An engine that grew too large would be recycled here:
/// Ready, idle and above its limit → StopEngine, and its exit starts it again.
class EngineSlot {
 public:
  static constexpr Duration kStartAllowance = std::chrono::minutes(2);
  static constexpr Duration kLongestPause = std::chrono::seconds(30);
  /// Ends in a row without a hello after which the device no longer counts as this worker's.
  static constexpr int kFailedStartsOfALostDevice = 3;

  explicit EngineSlot(std::string device) : device_(std::move(device)) {}

  const std::string& device() const { return device_; }

  EngineState state() const { return state_; }

  bool is_ready() const { return state_ == EngineState::Ready; }

  /// The engine cannot be started; it is tried again now and then.
  bool is_lost() const { return failed_starts_ >= kFailedStartsOfALostDevice; }

  /// What the engine said of itself when it last started; nothing before the first time, and for a
  /// lost device.
  std::optional<v1::DeviceInfo> info() const;

  bool is_due_to_start(Instant now) const {
    return state_ == EngineState::Down && now >= start_at_;
  }

  void on_start(Instant now);
  void on_hello(const v1::EngineHello& hello, Instant now);

  /// Any word from it, or work for one that had none.
  void on_sign(Instant now) { last_sign_ = now; }

  /// The engine answered for a cell, so it is in good health.
  void on_cell_over() { ends_without_a_cell_ = 0; }

  /// A cell took `seconds` of the device, its share of a batch.
  void on_cell_seconds(double seconds);
  void on_exit(Instant now);

  /// Says why it is being killed, once; an engine that is stuck in its death is not killed again.
  /// `failure` is what the cells that it had under way then failed of.
  void set_kill_reason(std::string reason, v1::FailureClass failure) {
    kill_reason_ = std::move(reason);
    kill_class_ = failure;
  }

  bool is_being_killed() const { return !kill_reason_.empty(); }

  const std::string& kill_reason() const { return kill_reason_; }

  v1::FailureClass kill_class() const { return kill_class_; }

  Instant last_sign() const { return last_sign_; }

  StepWatch& watch() { return watch_; }

  std::uint32_t max_batch() const;
  /// Leases worth holding for this engine, see credits_for; 0 for a lost device.
  std::uint32_t credits(double round_trip_s) const;

 private:
  std::string device_;
  v1::FailureClass kill_class_ = v1::FAILURE_CLASS_TIMEOUT;
  EngineState state_ = EngineState::Down;
  std::optional<v1::DeviceInfo> info_;
  StepWatch watch_;
  Instant start_at_{};
  Instant last_sign_{};
  int failed_starts_ = 0;
  int ends_without_a_cell_ = 0;
  double seconds_per_cell_ = 0;  // 0: not known
  std::string kill_reason_;
};

/// How many leases keep a device busy without hoarding: one batch to render, and behind it as many
/// as it finishes while a result goes to the coordinator and a new lease comes back, at least one
/// batch. In steps of powers of two, so that it rarely changes; never above kMaxCredits.
///
/// @param seconds_per_cell  of the device, a cell's share of its batch; 0: not known
/// @param round_trip_s      to the coordinator and back
inline constexpr std::uint32_t kMaxCredits = 512;
std::uint32_t credits_for(std::uint32_t max_batch, double seconds_per_cell, double round_trip_s);

}  // namespace furrow::worker
