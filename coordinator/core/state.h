#pragma once

#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/core/core.h"
#include "coordinator/core/input_table.h"
#include "coordinator/core/job.h"
#include "coordinator/core/lease_table.h"
#include "coordinator/core/rate_meter.h"
#include "coordinator/core/render_index.h"
#include "coordinator/core/roster.h"
#include "coordinator/scheduler/pick.h"

namespace furrow::core {

/// A cell that waits for its next try.
struct DelayedCell {
  Instant due;
  CellKey cell;

  bool operator>(const DelayedCell& other) const { return due > other.due; }
};

/// A job that ended in this life and still has its cells in memory.
struct JobThatIsOver {
  Instant since;
  JobId job;
};

/// Everything the core knows. Owned by the control thread, changed only through a Step.
///
/// Later rooms keep their state here, beside what they judge: quarantine beside the roster, fair
/// share's used seconds beside `turns`, the throughput table beside the leases that feed it.
struct State {
  Settings settings;
  Epoch epoch;

  std::map<JobId, Job> jobs;
  std::unordered_map<std::string, JobId> job_of_name;  ///< the newest of the name
  std::unordered_map<std::string, JobId> job_of_token;
  /// Jobs that may have a cell to pick, best first. A job without one is taken out when it is
  /// asked.
  std::set<scheduler::Turn> turns;
  std::deque<JobThatIsOver> over;  ///< oldest first
  std::priority_queue<DelayedCell, std::vector<DelayedCell>, std::greater<>> delayed;

  Roster roster;
  std::set<SessionId> hungry;  ///< sessions with free credits that found no work
  std::map<Digest, v1::ModelOnDisk> models;

  LeaseTable leases;
  RenderIndex renders;
  /// The leased cell of each recipe, and the pending cells of the same recipe that wait for it.
  std::unordered_map<HashPrefix, CellKey> in_flight;
  std::unordered_map<CellKey, std::vector<CellKey>> followers;

  InputTable inputs;

  RateMeter rate;
  bool backlog = false;

  Job* find_job(JobId id) {
    const auto it = jobs.find(id);
    return it == jobs.end() ? nullptr : &it->second;
  }

  const Job* find_job(JobId id) const {
    const auto it = jobs.find(id);
    return it == jobs.end() ? nullptr : &it->second;
  }
};

}  // namespace furrow::core
