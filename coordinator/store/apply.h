#pragma once

#include <map>
#include <utility>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/store/sqlite.h"

namespace furrow::store {

/// Writes the core's ops: one prepared statement for each kind of fact.
///
/// SaveJob and SaveWorkerRecord carry absolute values, so they are only remembered by apply() and
/// written once by flush(), however many results a group commit holds.
class Writer {
 public:
  static Result<Writer> prepare(const Connection& connection);

  /// Requires: a transaction is open, and flush() is called before it is committed.
  Result<void> apply(const core::StoreOp& op);
  Result<void> flush();

 private:
  struct Statements {
    Statement insert_job, insert_plan, save_job;
    Statement lease_cell, complete_cell, cache_cell, requeue_cell, fail_cell;
    Statement cancel_cells, reopen_cells, forgive_attempts, record_attempt;
    Statement save_worker, save_worker_record, save_model, record_event;
    Statement insert_job_input, save_input, drop_input;
  };

  explicit Writer(Statements statements) : statements_(std::move(statements)) {}

  Result<void> write(const core::InsertJob& op);
  Result<void> write(const core::SaveJob& op);
  Result<void> write(const core::LeaseCells& op);
  Result<void> write(const core::CompleteCell& op);
  Result<void> write(const core::CacheCell& op);
  Result<void> write(const core::RecordAttempt& op);
  Result<void> write(const core::RequeueCell& op);
  Result<void> write(const core::FailCell& op);
  Result<void> write(const core::CancelCells& op);
  Result<void> write(const core::ReopenCells& op);
  Result<void> write(const core::SaveWorker& op);
  Result<void> write(const core::SaveWorkerRecord& op);
  Result<void> write(const core::SaveModel& op);
  Result<void> write(const core::SaveInput& op);
  Result<void> write(const core::DropInput& op);
  Result<void> write(const core::RecordEvent& op);

  Statements statements_;
  std::map<JobId, core::SaveJob> jobs_;
  std::map<WorkerKey, core::SaveWorkerRecord> workers_;
};

}  // namespace furrow::store
