#include "coordinator/store/apply.h"

#include <utility>

#include <fmt/format.h>

#include "coordinator/store/statements.h"

namespace furrow::store {

namespace {

std::int64_t i(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

/// Exactly one row was changed, or memory and disk do not agree on the cell.
Result<void> require_one_row(const Statement& statement, const char* fact, CellKey cell) {
  if (statement.changed_rows() == 1) return {};
  return fail(
      ErrorKind::Internal,
      fmt::format("The database refuses {} for cell {} of job {}: its row is not in a state "
                  "for that.",
                  fact, cell.cell.value, cell.job.value));
}

}  // namespace

Result<Writer> Writer::prepare(const Connection& connection) {
  const auto prepare_one = [&connection](std::string_view sql) {
    return Statement::prepare(connection, sql);
  };
  FURROW_TRY(Statement insert_job,
             prepare_one("INSERT INTO job VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 1, ?7, ?7, 0, 0, 0, "
                         "0, 0, 0, 0)"));
  FURROW_TRY(Statement insert_plan, prepare_one("INSERT INTO job_plan VALUES (?1, ?2, ?3)"));
  FURROW_TRY(Statement save_job, prepare_one(sql::kSaveJob));
  FURROW_TRY(Statement lease_cell, prepare_one(sql::kLeaseCell));
  FURROW_TRY(Statement complete_cell, prepare_one(sql::kCompleteCell));
  FURROW_TRY(Statement cache_cell, prepare_one(sql::kCacheCell));
  FURROW_TRY(Statement requeue_cell, prepare_one(sql::kRequeueCell));
  FURROW_TRY(Statement fail_cell, prepare_one(sql::kFailCell));
  FURROW_TRY(Statement cancel_cells, prepare_one(sql::kCancelCells));
  FURROW_TRY(Statement reopen_cells, prepare_one(sql::kReopenCells));
  FURROW_TRY(Statement forgive_attempts, prepare_one(sql::kForgiveAttempts));
  FURROW_TRY(Statement record_attempt, prepare_one(sql::kRecordAttempt));
  FURROW_TRY(Statement save_worker,
             prepare_one("INSERT INTO worker VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6) "
                         "ON CONFLICT (id) DO UPDATE SET name = ?3, version = ?4, "
                         "capabilities = ?5, last_seen_ms = ?6"));
  FURROW_TRY(Statement save_worker_record, prepare_one(sql::kSaveWorkerRecord));
  FURROW_TRY(Statement save_model, prepare_one("INSERT OR REPLACE INTO model VALUES (?1, ?2)"));
  FURROW_TRY(Statement record_event,
             prepare_one("INSERT INTO event (at_ms, kind, job, worker, text) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)"));
  FURROW_TRY(Statement insert_job_input, prepare_one("INSERT INTO job_input VALUES (?1, ?2)"));
  FURROW_TRY(Statement save_input,
             prepare_one("INSERT OR REPLACE INTO input VALUES (?1, ?2, ?3, ?4)"));
  FURROW_TRY(Statement drop_input, prepare_one("DELETE FROM input WHERE digest = ?1"));
  return Writer(Statements{
      std::move(insert_job), std::move(insert_plan), std::move(save_job), std::move(lease_cell),
      std::move(complete_cell), std::move(cache_cell), std::move(requeue_cell),
      std::move(fail_cell), std::move(cancel_cells), std::move(reopen_cells),
      std::move(forgive_attempts), std::move(record_attempt), std::move(save_worker),
      std::move(save_worker_record), std::move(save_model), std::move(record_event),
      std::move(insert_job_input), std::move(save_input), std::move(drop_input)});
}

Result<void> Writer::apply(const core::StoreOp& op) {
  return std::visit([this](const auto& fact) { return write(fact); }, op);
}

Result<void> Writer::flush() {
  for (const auto& [id, op] : std::exchange(jobs_, {})) {
    const core::Counts& counts = op.counts;
    FURROW_TRY_VOID(statements_.save_job.run(
        i(id.value), i(op.state), i(counts.pending), i(counts.running), i(counts.done),
        i(counts.cached), i(counts.failed), i(counts.cancelled), i(counts.skipped),
        op.render_seconds, op.finished_at.value));
  }
  for (const auto& [key, op] : std::exchange(workers_, {})) {
    FURROW_TRY_VOID(statements_.save_worker_record.run(i(key.value), i(op.done), i(op.failed),
                                                       op.last_seen.value));
  }
  return {};
}

Result<void> Writer::write(const core::InsertJob& op) {
  FURROW_TRY_VOID(statements_.insert_job.run(i(op.job.value), std::string_view(op.name),
                                             std::string_view(op.owner), std::int64_t{op.priority},
                                             std::string_view(op.client_token), op.created_at.value,
                                             i(op.cells)));
  FURROW_TRY_VOID(statements_.insert_plan.run(i(op.job.value), Blob{op.spec}, Blob{op.plan}));
  for (const Digest& input : op.inputs) {
    FURROW_TRY_VOID(statements_.insert_job_input.run(i(op.job.value), Blob{bytes_of(input)}));
  }
  return {};
}

Result<void> Writer::write(const core::SaveJob& op) {
  jobs_[op.job] = op;
  return {};
}

Result<void> Writer::write(const core::LeaseCells& op) {
  for (const core::LeaseCells::Cell& cell : op.cells) {
    FURROW_TRY_VOID(statements_.lease_cell.run(i(op.job.value), i(cell.cell.value), i(cell.attempt),
                                               i(op.worker.value)));
  }
  return {};
}

Result<void> Writer::write(const core::CompleteCell& op) {
  const auto run = [&](const auto& artifact, const auto& artifact_bytes) {
    return statements_.complete_cell.run(
        i(op.cell.job.value), i(op.cell.cell.value), i(op.attempt), i(op.worker.value),
        Blob{bytes_of(op.recipe_hash)}, artifact, artifact_bytes, op.load_s, op.encode_s,
        op.denoise_s, op.decode_s, op.save_s, op.total_s, op.finished_at.value);
  };
  FURROW_TRY_VOID(op.artifact ? run(Blob{bytes_of(*op.artifact)}, i(op.artifact_bytes))
                              : run(Null{}, Null{}));
  return require_one_row(statements_.complete_cell, "a result", op.cell);
}

Result<void> Writer::write(const core::CacheCell& op) {
  FURROW_TRY_VOID(statements_.cache_cell.run(i(op.cell.job.value), i(op.cell.cell.value),
                                             Blob{bytes_of(op.recipe_hash)}, i(op.source.job.value),
                                             i(op.source.cell.value), op.finished_at.value));
  return require_one_row(statements_.cache_cell, "a copy", op.cell);
}

Result<void> Writer::write(const core::RecordAttempt& op) {
  return statements_.record_attempt.run(i(op.cell.job.value), i(op.cell.cell.value), i(op.attempt),
                                        i(op.worker.value), std::int64_t{op.failure_class},
                                        std::int64_t{op.charged}, std::string_view(op.detail),
                                        std::string_view(op.log_tail), op.ended_at.value);
}

Result<void> Writer::write(const core::RequeueCell& op) {
  FURROW_TRY_VOID(statements_.requeue_cell.run(i(op.cell.job.value), i(op.cell.cell.value)));
  return require_one_row(statements_.requeue_cell, "another try", op.cell);
}

Result<void> Writer::write(const core::FailCell& op) {
  FURROW_TRY_VOID(statements_.fail_cell.run(i(op.cell.job.value), i(op.cell.cell.value),
                                            std::string_view(op.error), op.finished_at.value));
  return require_one_row(statements_.fail_cell, "a failure", op.cell);
}

Result<void> Writer::write(const core::CancelCells& op) {
  return statements_.cancel_cells.run(i(op.job.value), op.at.value);
}

Result<void> Writer::write(const core::ReopenCells& op) {
  FURROW_TRY_VOID(statements_.reopen_cells.run(i(op.job.value)));
  return statements_.forgive_attempts.run(i(op.job.value));
}

Result<void> Writer::write(const core::SaveWorker& op) {
  return statements_.save_worker.run(i(op.worker.value), std::string_view(op.uuid),
                                     std::string_view(op.name), std::string_view(op.version),
                                     Blob{op.capabilities}, op.last_seen.value);
}

Result<void> Writer::write(const core::SaveWorkerRecord& op) {
  workers_[op.worker] = op;
  return {};
}

Result<void> Writer::write(const core::SaveModel& op) {
  return statements_.save_model.run(Blob{bytes_of(op.hash)}, Blob{op.model});
}

Result<void> Writer::write(const core::SaveInput& op) {
  return statements_.save_input.run(Blob{bytes_of(op.input)}, i(op.bytes), op.stored_at.value,
                                    std::int64_t{op.is_artifact});
}

Result<void> Writer::write(const core::DropInput& op) {
  return statements_.drop_input.run(Blob{bytes_of(op.input)});
}

Result<void> Writer::write(const core::RecordEvent& op) {
  return statements_.record_event.run(op.at.value, std::string_view(op.kind), i(op.job.value),
                                      i(op.worker.value), std::string_view(op.text));
}

}  // namespace furrow::store
