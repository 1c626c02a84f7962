#include "coordinator/core/job.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace furrow::core {

namespace {

CellStatus status_of(v1::CellState state) {
  switch (state) {
    case v1::CELL_STATE_LEASED:
      return CellStatus::Leased;
    case v1::CELL_STATE_DONE:
      return CellStatus::Done;
    case v1::CELL_STATE_CACHED:
      return CellStatus::Cached;
    case v1::CELL_STATE_FAILED:
      return CellStatus::Failed;
    case v1::CELL_STATE_CANCELLED:
      return CellStatus::Cancelled;
    default:
      return CellStatus::Pending;
  }
}

bool is_pending(CellStatus status) {
  return status == CellStatus::Untouched || status == CellStatus::Pending;
}

bool is_reopened(CellStatus status) {
  return status == CellStatus::Failed || status == CellStatus::Cancelled;
}

}  // namespace

Job::Job(JobFacts job_facts, std::shared_ptr<const spec::Grid> grid)
    : facts(std::move(job_facts)), grid_(std::move(grid)), map_(*grid_) {
  counts_.total = counts_.pending = grid_->cell_count();
  states_ = CellStates(counts_.total);
  lanes_.resize(map_->lanes());
  for (scheduler::LaneId lane = 0; lane < map_->lanes(); ++lane) {
    v1::Recipe recipe = grid_->recipe(map_->place(lane, 0).index);
    // Prompts name LoRAs and vary within a lane: whoever renders it has all that the job names.
    *recipe.mutable_loras() = grid_->plan().base().loras();
    lanes_[lane].needs = scheduler::needs_of(recipe);
    lanes_[lane].pending = map_->cells_per_lane();
  }
}

Job::Job(JobFacts job_facts, const Counts& counts) : facts(std::move(job_facts)), counts_(counts) {}

std::vector<TouchedCell> Job::load(const RestoredCells& restored, bool untouched_cancelled) {
  FURROW_CHECK(restored.grid != nullptr, "cells come with their grid");
  Job fresh(std::move(facts), restored.grid);
  fresh.rate = rate;
  *this = std::move(fresh);

  std::vector<TouchedCell> leased;
  for (const TouchedCell& touched : restored.cells) {
    const CellStatus status = status_of(touched.state);
    states_.set(touched.cell, status);
    if (status == CellStatus::Leased) leased.push_back(touched);
    const bool may_be_tried = status != CellStatus::Done && status != CellStatus::Cached;
    if (may_be_tried) trouble(touched.cell).attempt = touched.attempt;
  }
  for (const ChargedAttempt& attempt : restored.attempts) {
    Trouble& record = trouble(attempt.cell);
    record.attempt = std::max(record.attempt, attempt.attempt);
    record.failures.add(attempt.failure_class);
    record.avoid.push_back(attempt.worker);
  }
  untouched_cancelled_ = untouched_cancelled;
  count_lanes();
  for (auto it = restored.cells.rbegin(); it != restored.cells.rend(); ++it) {
    if (states_.get(it->cell) == CellStatus::Pending) make_ready(it->cell);
  }
  return leased;
}

void Job::unload() {
  grid_.reset();
  map_.reset();
  lanes_.clear();
  states_ = {};
  troubles_.clear();
}

CellStatus Job::status(CellIndex cell) const {
  const CellStatus status = states_.get(cell);
  const bool cancelled = status == CellStatus::Untouched && untouched_cancelled_;
  return cancelled ? CellStatus::Cancelled : status;
}

bool Job::is_waiting(CellIndex cell) const {
  return is_loaded() && status(cell) == CellStatus::Pending;
}

bool Job::is_settled(CellIndex cell) const {
  if (!is_loaded()) return true;
  const CellStatus now = status(cell);
  return !is_pending(now) && now != CellStatus::Leased;
}

std::uint32_t Job::newest_attempt(CellIndex cell, std::optional<std::uint32_t> leased) const {
  if (leased) return *leased;
  const auto it = troubles_.find(cell);
  if (it != troubles_.end()) return it->second.attempt;
  return is_pending(states_.get(cell)) ? 0 : 1;
}

void Job::move(CellIndex cell, CellStatus to) {
  const CellStatus from = states_.get(cell);
  FURROW_CHECK(!(from == CellStatus::Untouched && untouched_cancelled_),
               "a cancelled cell stays where it is");
  --bucket(from);
  ++bucket(to);
  states_.set(cell, to);
  if (is_pending(from) != is_pending(to)) {
    Lane& lane = lanes_[lane_of(cell)];
    is_pending(to) ? ++lane.pending : --lane.pending;
  }
}

void Job::cancel() {
  std::vector<CellIndex> live;
  states_.for_each_touched([&live](CellIndex cell, CellStatus status) {
    if (status == CellStatus::Pending || status == CellStatus::Leased) live.push_back(cell);
  });
  for (const CellIndex cell : live) states_.set(cell, CellStatus::Cancelled);
  counts_.cancelled += std::exchange(counts_.pending, 0) + std::exchange(counts_.running, 0);
  untouched_cancelled_ = true;
  for (Lane& lane : lanes_) {
    lane.pending = 0;
    lane.ready.clear();
  }
}

void Job::reopen() {
  std::vector<CellIndex> reopened;
  states_.for_each_touched([&reopened](CellIndex cell, CellStatus status) {
    if (is_reopened(status)) reopened.push_back(cell);
  });
  untouched_cancelled_ = false;
  for (auto cell = reopened.rbegin(); cell != reopened.rend(); ++cell) {
    Trouble& record = trouble(*cell);
    const std::uint32_t attempt = std::max(record.attempt, 1U);
    record = Trouble{};
    record.attempt = attempt;
    states_.set(*cell, CellStatus::Pending);
    make_ready(*cell);
  }
  count_lanes();
}

Trouble* Job::find_trouble(CellIndex cell) {
  const auto it = troubles_.find(cell);
  return it == troubles_.end() ? nullptr : &it->second;
}

std::optional<scheduler::LaneMap::Place> Job::peek_untouched(scheduler::LaneId lane) {
  if (untouched_cancelled_) return std::nullopt;
  std::uint64_t& next = lanes_[lane].next;
  for (; next < map_->cells_per_lane(); ++next) {
    const auto place = map_->place(lane, next);
    if (states_.get(CellIndex{place.index}) == CellStatus::Untouched) return place;
  }
  return std::nullopt;
}

bool Job::has_work() const {
  if (!is_loaded() || counts_.pending == 0) return false;
  return std::any_of(lanes_.begin(), lanes_.end(), [this](const Lane& lane) {
    return !lane.ready.empty() || (!untouched_cancelled_ && lane.next < map_->cells_per_lane());
  });
}

std::uint64_t& Job::bucket(CellStatus status) {
  switch (status) {
    case CellStatus::Untouched:
    case CellStatus::Pending:
      return counts_.pending;
    case CellStatus::Leased:
      return counts_.running;
    case CellStatus::Done:
      return counts_.done;
    case CellStatus::Cached:
      return counts_.cached;
    case CellStatus::Failed:
      return counts_.failed;
    case CellStatus::Cancelled:
      break;
  }
  return counts_.cancelled;
}

/// Makes the counts and the lanes' pending anew from the states.
void Job::count_lanes() {
  counts_ = {.total = counts_.total};
  std::uint64_t& untouched = untouched_cancelled_ ? counts_.cancelled : counts_.pending;
  untouched = counts_.total;
  for (Lane& lane : lanes_) lane.pending = untouched_cancelled_ ? 0 : map_->cells_per_lane();
  states_.for_each_touched([this, &untouched](CellIndex cell, CellStatus status) {
    --untouched;
    ++bucket(status);
    Lane& lane = lanes_[lane_of(cell)];
    if (!untouched_cancelled_) --lane.pending;
    if (status == CellStatus::Pending) ++lane.pending;
  });
}

}  // namespace furrow::core
