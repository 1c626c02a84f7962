#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "worker/channel/engine_channel.h"
#include "worker/sim/profile.h"

namespace furrow::worker::sim {

/// The simulated GPU: cells in, and tick by tick what it says and how long that takes. Decides
/// everything from its profile and seed; the clock is its caller's. Equal cells step together,
/// whatever step each is at, up to the batch size. Whether an attempt fails depends on the seed and
/// its token alone, so on no order and no clock.
class Device {
 public:
  /// @param device as the agent calls it: "cpu", "sim:0"
  Device(Profile profile, std::string device);

  v1::EngineHello hello() const;

  void render(v1::Render render);
  /// The cell is answered as cancelled at the next tick, unless it is not there.
  void cancel(const v1::Token& token);

  bool is_idle() const { return waiting_.empty() && batch_.empty() && said_.empty(); }

  enum class End { None, Crash, Hang };

  /// One stage: loading, encoding, a step of the batch, or decoding.
  struct Tick {
    Duration busy{};                             ///< passes first
    std::vector<Received<v1::FromEngine>> said;  ///< then this is said
    End end = End::None;                         ///< then this happens
  };

  /// Requires: not is_idle().
  Tick tick();

 private:
  struct Cell {
    v1::RenderCell request;
    std::uint32_t step = 0;
    bool is_encoded = false;
    v1::Timing timing;
  };

  void answer_at_once(const v1::RenderCell& cell);
  bool refuse(const v1::RenderCell& cell);
  void fill_batch();
  bool needs_load() const;
  void load(Tick& tick);
  void encode(Tick& tick);
  void step(Tick& tick);
  void decode_finished(Tick& tick);
  End fate_of(const Cell& cell) const;
  double chance(const v1::Token& token, std::uint64_t salt) const;
  Duration busy_for(double seconds) const;
  std::string picture(const Cell& cell) const;
  void say_progress(Tick& tick, const Cell& cell, v1::Phase phase) const;
  void say_rendered(std::vector<Received<v1::FromEngine>>& said, const Cell& cell) const;
  void say_failed(const v1::Token& token, v1::FailureClass failure, std::string detail);

  const Profile profile_;
  const std::string device_;
  std::string loaded_;  // hash of the model
  bool is_loading_ = false;
  std::deque<Cell> waiting_;
  std::vector<Cell> batch_;                     // all of one model and shape
  std::vector<Received<v1::FromEngine>> said_;  // goes with the next tick
};

}  // namespace furrow::worker::sim
