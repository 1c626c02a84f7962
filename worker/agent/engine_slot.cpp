#include "worker/agent/engine_slot.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace furrow::worker {

namespace {

constexpr double kWeightOfNewest = 0.3;
/// No engine is faster than this at a cell; keeps the quotients finite.
constexpr double kFastestCell = 20e-6;
/// What a coordinator takes to commit a result and the next lease.
constexpr double kCommitSeconds = 0.01;
constexpr Duration kFirstPause = std::chrono::milliseconds(500);

/// None after the first end, then doubling.
Duration pause_after(int ends_in_a_row) {
  if (ends_in_a_row <= 1) return Duration::zero();
  const int doublings = std::min(ends_in_a_row - 2, 16);
  return std::min<Duration>(kFirstPause * (1 << doublings), EngineSlot::kLongestPause);
}

}  // namespace

std::optional<v1::DeviceInfo> EngineSlot::info() const {
  return is_lost() ? std::nullopt : info_;
}

void EngineSlot::on_start(Instant now) {
  state_ = EngineState::Starting;
  last_sign_ = now;
  kill_reason_.clear();
}

void EngineSlot::on_hello(const v1::EngineHello& hello, Instant now) {
  state_ = EngineState::Ready;
  last_sign_ = now;
  failed_starts_ = 0;
  v1::DeviceInfo info;
  info.set_device(device_);
  info.set_name(hello.device_name());
  info.set_memory_bytes(hello.memory_bytes());
  info.set_max_batch(std::max(hello.max_batch(), 1u));
  info.set_backend(hello.backend());
  info.set_version(hello.version());
  info.set_precision(hello.precision());
  *info.mutable_samplers() = hello.samplers();
  *info.mutable_families() = hello.families();
  info_ = std::move(info);
}

void EngineSlot::on_cell_seconds(double seconds) {
  seconds_per_cell_ = seconds_per_cell_ == 0
                          ? std::max(seconds, kFastestCell)
                          : seconds_per_cell_ + kWeightOfNewest * (seconds - seconds_per_cell_);
}

void EngineSlot::on_exit(Instant now) {
  if (state_ != EngineState::Ready) ++failed_starts_;
  ++ends_without_a_cell_;
  start_at_ = now + pause_after(ends_without_a_cell_);
  state_ = EngineState::Down;
}

std::uint32_t EngineSlot::max_batch() const {
  return info_ ? info_->max_batch() : 1;
}

std::uint32_t EngineSlot::credits(double round_trip_s) const {
  return info() ? credits_for(max_batch(), seconds_per_cell_, round_trip_s) : 0;
}

std::uint32_t credits_for(std::uint32_t max_batch, double seconds_per_cell, double round_trip_s) {
  const std::uint32_t batch = std::clamp(max_batch, 1u, kMaxCredits / 2);
  if (seconds_per_cell <= 0) return 2 * batch;
  const double away = round_trip_s + kCommitSeconds;
  const double batches = away / (std::max(seconds_per_cell, kFastestCell) * batch);
  const auto behind = std::bit_ceil(static_cast<std::uint32_t>(
      std::clamp(std::ceil(batches), 1.0, static_cast<double>(kMaxCredits))));
  return std::min(batch * (1 + behind), kMaxCredits);
}

}  // namespace furrow::worker
