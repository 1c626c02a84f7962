#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "furrow/v1/engine.pb.h"
#include "worker/engine/runs.h"

namespace furrow::engine {

/// What the runs of a cell before the next one gave; the renderer's own.
struct SoFar;

/// What cells must share to go through one forward pass.
struct BatchKey {
  std::string model_path;
  std::string model_hash;
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const BatchKey&) const = default;
};

/// A cell that waits for one of its runs.
struct WaitingCell {
  explicit WaitingCell(v1::RenderCell of_agent, Run next = Run::First,
                       std::shared_ptr<SoFar> before = nullptr);

  v1::RenderCell cell;
  Run run;
  std::shared_ptr<SoFar> so_far;  ///< null before the first run
  BatchKey key;
};

/// Where the agent put what a recipe names by this hash; empty: nowhere.
std::string path_of(const std::string& hash, const v1::RenderCell& cell);

/// The cells that wait for the device, oldest first, and which of them is next: one that can join
/// the cells being denoised, as long as that does not hold up an older one of another kind for too
/// long. Pure.
class RenderQueue {
 public:
  /// Most cells that wait. An agent that sends more is not keeping count.
  static constexpr std::size_t kMostWaiting = 4096;
  /// Most cells that may go ahead of an older one because they fit the running batch.
  static constexpr std::size_t kMostOvertaking = 64;

  /// False: the queue is full.
  bool add(v1::RenderCell cell);

  /// Puts a cell that was taken back to where it is the next, whether or not the queue is full.
  void put_back(WaitingCell waiting) { waiting_.push_front(std::move(waiting)); }

  /// Takes the next cell out.
  /// @param running  what is being denoised; nothing when the device is free
  std::optional<WaitingCell> take_next(const std::optional<BatchKey>& running);

  /// Takes out the cell of this attempt, if it waits.
  std::optional<WaitingCell> remove(const v1::Token& token);

  const std::deque<WaitingCell>& waiting() const { return waiting_; }

 private:
  std::deque<WaitingCell> waiting_;
  std::size_t overtakings_ = 0;  // since the oldest cell that waits began to
};

bool is_same(const v1::Token& a, const v1::Token& b);

}  // namespace furrow::engine
