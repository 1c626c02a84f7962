#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/core/restored.h"
#include "furrow/v1/client.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::core {

/// The waits and bounds of the farm. The defaults are what production runs with.
struct Settings {
  std::string blob_endpoint;                          ///< goes into Welcome
  Duration heartbeat = std::chrono::seconds(1);       ///< goes into Welcome
  Duration silent_after = std::chrono::seconds(5);    ///< a worker not heard for this is gone
  Duration return_grace = std::chrono::seconds(10);   ///< a gone worker may come back with its work
  Duration restart_grace = std::chrono::seconds(30);  ///< the same after our own restart
  Duration load_allowance =
      std::chrono::minutes(10);  ///< from lease, or the worker's last result, to first step
  Duration finish_allowance =
      std::chrono::minutes(5);  ///< from last step to result: decode, save, upload
  Duration min_step_timeout = std::chrono::seconds(15);  ///< a step may take this, or
  double step_timeout_factor = 8;  ///< this many times the usual, whichever is longer
  Duration elsewhere_patience =
      std::chrono::seconds(30);  ///< how long a retry holds out for another worker
  Duration keep_over =
      std::chrono::minutes(2);  ///< cells of a job that is over stay in memory; long committed then
  Duration keep_unnamed =
      std::chrono::hours(24);        ///< an input that no job names may wait for one so long
  std::uint32_t max_credits = 4096;  ///< of one worker
  std::uint64_t max_lanes = 16'384;  ///< of one job: models × sampler
};

/// A running cell as the newest progress message has it.
struct RunningCell {
  WorkerKey worker;
  std::string worker_name;
  std::uint32_t attempt = 0;
  v1::Phase phase = v1::PHASE_UNSPECIFIED;
  std::uint32_t step = 0;
  std::uint32_t steps = 0;
};

/// The farm's numbers, of all jobs together.
struct FarmNumbers {
  std::uint32_t workers_connected = 0;
  std::uint32_t workers_known = 0;
  std::uint32_t jobs_active = 0;
  std::uint64_t cells_pending = 0;
  std::uint64_t cells_running = 0;
  double cells_per_second = 0;
};

/// The farm's decisions: which worker tries which cell, which result counts, what a failure means.
///
/// Pure: no clock, disk, socket, log or thread inside. Every on_… takes what happened and when,
/// changes the state in memory at once, and returns what must be done about it, in the order that
/// Effects states: decide, commit, send. A commit that fails must end the process, because memory
/// is then ahead of the disk. A reply that a client gets for a change is an effect too: it goes out
/// when everything decided up to then is committed, even if the Effects are empty.
///
/// Always: a cell has at most one lease and at most one result; attempt numbers of a cell only
/// rise; the counts of a job add up to its size; a session never holds more leases than it gave
/// credits for, unless it brought them along.
///
/// Owned by the control thread. Messages of a session that never said Hello, or has gone, are
/// ignored.
class Core {
 public:
  /// An empty farm, or one that goes on where `restored` left off. Nothing expires before
  /// `now` + restart_grace.
  Core(Settings settings, Restored restored, Now now);
  Core(Core&&) noexcept;
  Core& operator=(Core&&) noexcept;
  ~Core();

  // From clients.

  struct Submitted {
    JobId job;
    bool repeated = false;  ///< the client token was seen before; nothing new was made
    Effects effects;
  };

  /// Errors: Invalid, more combinations of models and sampler than Settings::max_lanes, or a
  /// picture without a hash; NotFound, naming every picture that is not kept.
  Result<Submitted> on_job_submitted(SubmitCommand command, Now now);
  /// Error NotFound; Conflict when the job is over already, but a cancelled one may be cancelled
  /// again.
  Result<Effects> on_job_cancelled(JobId job, Now now);
  /// Error NotFound; Conflict when no cell failed or was cancelled. A job that has been over for
  /// long has no cells in memory (needs_cells says so): `cells` brings them then.
  Result<Effects> on_job_retried(JobId job, std::optional<RestoredCells> cells, Now now);
  bool needs_cells(JobId job) const;

  // From the blob thread: inputs, the pictures that jobs begin with. An input is kept as long as a
  // job names it, or for Settings::keep_unnamed.

  /// Now these are kept. Jobs that name one may be told so when the effects are committed.
  Effects on_inputs_stored(const std::vector<StoredInput>& inputs, Now now);
  /// A file is not there when it is asked for; jobs that need it are refused from now on. Any other
  /// blob than an input's is ignored.
  Effects on_input_lost(const Digest& input);
  /// Inputs whose time is over, at most `limit`. From now on they are not kept, so that no job
  /// names them while their files are removed.
  std::vector<Digest> take_expired_inputs(std::size_t limit, Now now);
  /// Their files are removed. Requires: none was stored again since take_expired_inputs.
  Effects on_inputs_removed(const std::vector<Digest>& inputs);

  // From workers.

  Effects on_worker_hello(SessionId session, const v1::Hello& hello, Now now);
  Effects on_worker_gone(SessionId session, GoneReason reason, Now now);
  Effects on_capabilities(SessionId session, const v1::Capabilities& capabilities, Now now);
  Effects on_progress(SessionId session, const v1::Progress& progress, Now now);
  Effects on_cells_rendered(SessionId session, const v1::CellsRendered& rendered, Now now);
  Effects on_attempt_failed(SessionId session, const v1::AttemptFailed& failed, Now now);
  Effects on_heartbeat(SessionId session, const v1::Heartbeat& heartbeat, Now now);
  Effects on_goodbye(SessionId session, const v1::Goodbye& goodbye, Now now);
  Effects on_plan_requested(SessionId session, const v1::PlanRequest& request, Now now);

  /// Time has passed: silent workers, expired leases, retries that are due. Call a few times a
  /// second, and again at once while has_backlog().
  Effects on_tick(Now now);
  /// Work was left undone to keep a step short (many cells were cached at once).
  bool has_backlog() const;

  // Questions.

  Epoch epoch() const;
  std::optional<JobId> resolve(
      std::string_view selector) const;  ///< id, name (the newest), or "last"
  /// Without the plan; see grid(). Requires: the job exists.
  v1::JobView job_view(JobId job, Now now) const;
  /// Null when the job has been over for long: ask store::Reader for its plan.
  std::shared_ptr<const spec::Grid> grid(JobId job) const;
  /// Newest first, at most `limit`, only those in one of `states` (empty: all).
  std::vector<JobId> jobs(std::size_t limit, const std::vector<v1::JobState>& states) const;
  bool exists(JobId job) const;
  /// Rises with every change of a job that its view shows, except the passing of time.
  std::uint64_t generation(JobId job) const;

  std::optional<RunningCell> running(CellKey cell) const;
  std::vector<v1::WorkerView> workers(Now now) const;
  std::string worker_name(WorkerKey worker) const;  ///< empty: no such worker
  FarmNumbers numbers(Now now) const;
  /// Every model that some worker has or had, by name.
  std::vector<v1::ModelOnDisk> models() const;
  /// Of these, the inputs that are not kept, each once.
  std::vector<Digest> lacking_inputs(const std::vector<Digest>& inputs) const;
  /// Some cell has the picture of this recipe already.
  bool is_rendered(const Digest& recipe_hash) const;

  /// Aborts with a sentence when the state contradicts itself. Walks everything: for tests.
  void check_invariants() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace furrow::core
