#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/ids.h"
#include "coordinator/core/counts.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::core {

// What the core wants written. Each is a fact already decided; the store applies them in order, all
// ops of one Effects in one transaction. Ops named Save… carry absolute values, so of several in a
// row for one thing only the last need be written.

/// A new job: one row, whatever its size.
struct InsertJob {
  JobId job;
  std::string name;
  std::string owner;
  std::int32_t priority = 0;
  std::string client_token;  ///< empty: none
  UnixMillis created_at;
  std::uint64_t cells = 0;
  std::string spec;            ///< v1::JobSpec as submitted, serialized
  std::string plan;            ///< v1::Plan, serialized
  std::vector<Digest> inputs;  ///< the pictures it begins with
};

/// A picture for jobs is on disk.
struct SaveInput {
  Digest input;
  std::uint64_t bytes = 0;
  UnixMillis stored_at;
  bool is_artifact = false;  ///< some cell's picture is the same file
};

/// The file of an input has gone. Jobs that name it go on naming it.
struct DropInput {
  Digest input;
};

/// The job's counters and state after this step.
struct SaveJob {
  JobId job;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  Counts counts;
  double render_seconds = 0;
  UnixMillis finished_at;  ///< 0: not finished
};

/// Cells of one job promised to one worker.
struct LeaseCells {
  struct Cell {
    CellIndex cell;
    std::uint32_t attempt = 0;
  };

  JobId job;
  WorkerKey worker;
  std::vector<Cell> cells;
};

/// A picture that counts. Happens at most once a cell.
struct CompleteCell {
  CellKey cell;
  std::uint32_t attempt = 0;
  WorkerKey worker;
  Digest recipe_hash;
  std::optional<Digest> artifact;  ///< absent: the backend makes no pictures
  std::uint64_t artifact_bytes = 0;
  double load_s = 0, encode_s = 0, denoise_s = 0, decode_s = 0, save_s = 0, total_s = 0;
  UnixMillis finished_at;
};

/// A cell that needs no work: `source` has the picture of the same recipe, which is copied by
/// reference.
struct CacheCell {
  CellKey cell;
  Digest recipe_hash;
  CellKey source;
  UnixMillis finished_at;
};

/// A try that came to nothing. `charged` tries count against the cell's budget.
struct RecordAttempt {
  CellKey cell;
  std::uint32_t attempt = 0;
  WorkerKey worker;
  v1::FailureClass failure_class = v1::FAILURE_CLASS_UNSPECIFIED;
  bool charged = false;
  std::string detail;
  std::string log_tail;
  UnixMillis ended_at;
};

/// A leased cell is pending again; it keeps its attempt number.
struct RequeueCell {
  CellKey cell;
};

struct FailCell {
  CellKey cell;
  std::string error;
  UnixMillis finished_at;
};

/// Every touched cell of the job that is not terminal becomes cancelled. Untouched ones are counted
/// by SaveJob and never written.
struct CancelCells {
  JobId job;
  UnixMillis at;
};

/// Every failed or cancelled cell of the job is pending again, with a fresh budget.
struct ReopenCells {
  JobId job;
};

struct SaveWorker {
  WorkerKey worker;
  std::string uuid;
  std::string name;
  std::string version;
  std::string capabilities;  ///< v1::Capabilities, serialized
  UnixMillis last_seen;
};

struct SaveWorkerRecord {
  WorkerKey worker;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  UnixMillis last_seen;
};

/// A model that some worker has, for names in later sweeps.
struct SaveModel {
  Digest hash;
  std::string model;  ///< v1::ModelOnDisk, serialized
};

/// A line of the farm's history, for people. Never read back by the core.
struct RecordEvent {
  UnixMillis at;
  std::string kind;  ///< "job.submitted", "worker.gone" …
  JobId job;         ///< 0: about no job
  WorkerKey worker;  ///< 0: about no worker
  std::string text;
};

using StoreOp = std::variant<InsertJob, SaveJob, LeaseCells, CompleteCell, CacheCell, RecordAttempt,
                             RequeueCell, FailCell, CancelCells, ReopenCells, SaveWorker,
                             SaveWorkerRecord, SaveModel, SaveInput, DropInput, RecordEvent>;

struct ToSession {
  SessionId session;
  v1::ToWorker message;
};

/// What one step of the core wants done, always in this order: commit `store` as one transaction;
/// when it is durable, send `send`; then close the sessions in `close`. Effects of later steps are
/// committed later, and sent in the order of the steps. Without store ops the rest may be done at
/// once. A message to a session that has gone meanwhile is dropped.
struct Effects {
  std::vector<StoreOp> store;
  std::vector<ToSession> send;
  std::vector<SessionId> close;

  bool empty() const { return store.empty() && send.empty() && close.empty(); }
};

}  // namespace furrow::core
