#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "furrow/v1/client.pb.h"

namespace furrow::net {

/// A job as it stands, and the counter that rises when it changes.
struct JobSnapshot {
  JobId job;
  std::uint64_t generation = 0;
  v1::JobView view;
};

/// Who follows which job. Each watcher is told of a change, at most once a tick of the client loop;
/// without a change once a second, so that it knows the coordinator alive and rates fresh; and of
/// the end of the job, once, as the last. Pure; owned by the client thread.
class WatchList {
 public:
  static constexpr std::size_t kMaxWatchers = 1024;
  static constexpr Duration kRepeat = std::chrono::seconds(1);

  struct Watcher {
    std::string peer;
    std::uint64_t correlation = 0;
    JobId job;
    std::uint64_t told_generation = 0;
    Instant told_at;
  };

  /// A view that is due to `watchers[…]`.
  struct Due {
    std::string peer;
    std::uint64_t correlation = 0;
    const v1::JobView* view = nullptr;  ///< borrowed from the snapshot
  };

  /// Requires: the watcher was told `snapshot` just now. One whose job is over is not kept. False:
  /// the list is full.
  bool add(const std::string& peer, std::uint64_t correlation, const JobSnapshot& snapshot,
           Instant now);

  /// The jobs to look at, each once.
  std::vector<JobId> jobs() const;
  /// What is to be told now. Watchers of jobs that are over are told and forgotten.
  std::vector<Due> take_due(const std::vector<JobSnapshot>& snapshots, Instant now);

  void drop_peer(const std::string& peer);

  bool empty() const { return watchers_.empty(); }

 private:
  std::vector<Watcher> watchers_;
};

}  // namespace furrow::net
