#include "worker/engine/render_queue.h"

#include <algorithm>
#include <utility>

namespace furrow::engine {

std::string path_of(const std::string& hash, const v1::RenderCell& cell) {
  const auto found = std::find_if(cell.files().begin(), cell.files().end(),
                                  [&](const v1::LocalFile& file) { return file.hash() == hash; });
  return found == cell.files().end() ? std::string() : found->path();
}

WaitingCell::WaitingCell(v1::RenderCell of_agent, Run next, std::shared_ptr<SoFar> before)
    : cell(std::move(of_agent)), run(next), so_far(std::move(before)) {
  const v1::Recipe recipe = recipe_of(run, cell.recipe());
  const std::string& hash = recipe.model().hash();
  key = {run == Run::Refiner ? path_of(hash, cell) : cell.model_path(), hash, recipe.width(),
         recipe.height()};
}

bool is_same(const v1::Token& a, const v1::Token& b) {
  return a.job() == b.job() && a.cell() == b.cell() && a.attempt() == b.attempt() &&
         a.epoch() == b.epoch();
}

bool RenderQueue::add(v1::RenderCell cell) {
  if (waiting_.size() >= kMostWaiting) return false;
  waiting_.emplace_back(std::move(cell));
  return true;
}

std::optional<WaitingCell> RenderQueue::take_next(const std::optional<BatchKey>& running) {
  const auto fits = [&](const WaitingCell& waiting) { return !running || waiting.key == *running; };
  const auto next = std::find_if(waiting_.begin(), waiting_.end(), fits);
  if (next == waiting_.end()) return std::nullopt;
  if (next == waiting_.begin()) {
    overtakings_ = 0;
  } else if (++overtakings_ > kMostOvertaking) {
    return std::nullopt;
  }
  WaitingCell taken = std::move(*next);
  waiting_.erase(next);
  return taken;
}

std::optional<WaitingCell> RenderQueue::remove(const v1::Token& token) {
  const auto found = std::find_if(
      waiting_.begin(), waiting_.end(),
      [&](const WaitingCell& waiting) { return is_same(waiting.cell.token(), token); });
  if (found == waiting_.end()) return std::nullopt;
  if (found == waiting_.begin()) overtakings_ = 0;
  WaitingCell taken = std::move(*found);
  waiting_.erase(found);
  return taken;
}

}  // namespace furrow::engine
