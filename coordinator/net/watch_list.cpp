#include "coordinator/net/watch_list.h"

#include <algorithm>
#include <set>

#include "coordinator/core/counts.h"

namespace furrow::net {

bool WatchList::add(const std::string& peer, std::uint64_t correlation, const JobSnapshot& snapshot,
                    Instant now) {
  if (core::is_terminal(snapshot.view.state())) return true;
  if (watchers_.size() >= kMaxWatchers) return false;
  watchers_.push_back({peer, correlation, snapshot.job, snapshot.generation, now});
  return true;
}

std::vector<JobId> WatchList::jobs() const {
  std::set<JobId> jobs;
  for (const auto& watcher : watchers_) jobs.insert(watcher.job);
  return {jobs.begin(), jobs.end()};
}

std::vector<WatchList::Due> WatchList::take_due(const std::vector<JobSnapshot>& snapshots,
                                                Instant now) {
  std::vector<Due> due;
  std::erase_if(watchers_, [&](Watcher& watcher) {
    const auto snapshot = std::find_if(snapshots.begin(), snapshots.end(),
                                       [&](const auto& s) { return s.job == watcher.job; });
    if (snapshot == snapshots.end()) return false;
    const bool is_over = core::is_terminal(snapshot->view.state());
    const bool has_changed = snapshot->generation != watcher.told_generation;
    if (!is_over && !has_changed && now - watcher.told_at < kRepeat) return false;
    due.push_back({watcher.peer, watcher.correlation, &snapshot->view});
    watcher.told_generation = snapshot->generation;
    watcher.told_at = now;
    return is_over;
  });
  return due;
}

void WatchList::drop_peer(const std::string& peer) {
  std::erase_if(watchers_, [&](const Watcher& watcher) { return watcher.peer == peer; });
}

}  // namespace furrow::net
