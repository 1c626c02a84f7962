#include "worker/engine/render_queue.h"

#include <algorithm>
#include <utility>

namespace furrow::engine {

BatchKey BatchKey::of(const v1::RenderCell& cell) {
  const v1::Recipe& recipe = cell.recipe();
  return {cell.model_path(), recipe.model().hash(), recipe.width(), recipe.height()};
}

bool is_same(const v1::Token& a, const v1::Token& b) {
  return a.job() == b.job() && a.cell() == b.cell() && a.attempt() == b.attempt() &&
         a.epoch() == b.epoch();
}

bool RenderQueue::add(v1::RenderCell cell) {
  if (waiting_.size() >= kMostWaiting) return false;
  waiting_.push_back(std::move(cell));
  return true;
}

std::optional<v1::RenderCell> RenderQueue::take_next(const std::optional<BatchKey>& running) {
  const auto fits = [&](const v1::RenderCell& cell) {
    return !running || BatchKey::of(cell) == *running;
  };
  const auto next = std::find_if(waiting_.begin(), waiting_.end(), fits);
  if (next == waiting_.end()) return std::nullopt;
  if (next == waiting_.begin()) {
    overtakings_ = 0;
  } else if (++overtakings_ > kMostOvertaking) {
    return std::nullopt;
  }
  v1::RenderCell cell = std::move(*next);
  waiting_.erase(next);
  return cell;
}

std::optional<v1::RenderCell> RenderQueue::remove(const v1::Token& token) {
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [&](const v1::RenderCell& cell) { return is_same(cell.token(), token); });
  if (found == waiting_.end()) return std::nullopt;
  if (found == waiting_.begin()) overtakings_ = 0;
  v1::RenderCell cell = std::move(*found);
  waiting_.erase(found);
  return cell;
}

}  // namespace furrow::engine
