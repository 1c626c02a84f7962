#include "coordinator/store/load.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "coordinator/store/database_state.h"
#include "coordinator/store/statements.h"

namespace furrow::store {

namespace {

std::uint64_t u(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

Result<std::vector<core::RestoredJob>> load_jobs(const Connection& connection) {
  FURROW_TRY(Statement rows,
             Statement::prepare(
                 connection,
                 "SELECT id, name, owner, priority, client_token, created_at_ms, finished_at_ms, "
                 "state, total, pending, running, done, cached, failed, cancelled, skipped, "
                 "render_seconds FROM job ORDER BY id"));
  std::vector<core::RestoredJob> jobs;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return jobs;
    core::RestoredJob& job = jobs.emplace_back();
    job.id = JobId{u(rows.integer(0))};
    job.name = rows.text(1);
    job.owner = rows.text(2);
    job.priority = static_cast<std::int32_t>(rows.integer(3));
    job.client_token = rows.text(4);
    job.created_at = {rows.integer(5)};
    job.finished_at = {rows.integer(6)};
    job.state = static_cast<v1::JobState>(rows.integer(7));
    job.counts = {.total = u(rows.integer(8)),
                  .pending = u(rows.integer(9)),
                  .running = u(rows.integer(10)),
                  .done = u(rows.integer(11)),
                  .cached = u(rows.integer(12)),
                  .failed = u(rows.integer(13)),
                  .cancelled = u(rows.integer(14)),
                  .skipped = u(rows.integer(15))};
    job.render_seconds = rows.real(16);
  }
}

Result<std::vector<core::RestoredWorker>> load_workers(const Connection& connection) {
  FURROW_TRY(Statement rows,
             Statement::prepare(connection,
                                "SELECT id, uuid, name, version, capabilities, done, failed, "
                                "last_seen_ms FROM worker ORDER BY id"));
  std::vector<core::RestoredWorker> workers;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return workers;
    core::RestoredWorker& worker = workers.emplace_back();
    worker.key = WorkerKey{u(rows.integer(0))};
    worker.uuid = rows.text(1);
    worker.name = rows.text(2);
    worker.version = rows.text(3);
    worker.capabilities.ParseFromString(std::string(rows.blob(4)));
    worker.done = u(rows.integer(5));
    worker.failed = u(rows.integer(6));
    worker.last_seen = {rows.integer(7)};
  }
}

Result<std::vector<v1::ModelOnDisk>> load_models(const Connection& connection) {
  FURROW_TRY(Statement rows, Statement::prepare(connection, "SELECT model FROM model"));
  std::vector<v1::ModelOnDisk> models;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return models;
    models.emplace_back().ParseFromString(std::string(rows.blob(0)));
  }
}

/// Every picture there is, of all jobs.
Result<std::vector<core::RestoredRender>> load_renders(const Connection& connection) {
  FURROW_TRY(Statement rows,
             Statement::prepare(connection,
                                "SELECT job, idx, recipe_hash FROM cell "
                                "WHERE state = 3 AND artifact IS NOT NULL ORDER BY job, idx"));
  std::vector<core::RestoredRender> renders;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return renders;
    const std::string_view hash = rows.blob(2);
    core::RestoredRender render;
    if (hash.size() < render.hash_prefix.size()) continue;
    std::copy_n(hash.begin(), render.hash_prefix.size(), render.hash_prefix.begin());
    render.cell = {JobId{u(rows.integer(0))}, CellIndex{u(rows.integer(1))}};
    renders.push_back(render);
  }
}

Result<std::vector<core::RestoredInput>> load_inputs(const Connection& connection) {
  FURROW_TRY(
      Statement rows,
      Statement::prepare(connection, "SELECT digest, bytes, stored_at_ms, is_artifact FROM input"));
  std::vector<core::RestoredInput> inputs;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return inputs;
    const auto digest = Digest::from_raw(rows.blob(0));
    if (!digest) continue;
    inputs.push_back({*digest, u(rows.integer(1)), {rows.integer(2)}, rows.integer(3) != 0});
  }
}

Result<std::vector<Digest>> load_named_inputs(const Connection& connection) {
  FURROW_TRY(Statement rows,
             Statement::prepare(connection, "SELECT DISTINCT digest FROM job_input"));
  std::vector<Digest> named;
  for (;;) {
    FURROW_TRY(const bool has_row, rows.next());
    if (!has_row) return named;
    if (const auto digest = Digest::from_raw(rows.blob(0))) named.push_back(*digest);
  }
}

Result<std::shared_ptr<const spec::Grid>> load_grid(const Connection& connection, JobId job) {
  FURROW_TRY(Statement row,
             Statement::prepare(connection, "SELECT plan FROM job_plan WHERE job = ?1"));
  row.bind(static_cast<std::int64_t>(job.value));
  FURROW_TRY(const bool found, row.next());
  v1::Plan plan;
  if (!found || !plan.ParseFromString(std::string(row.blob(0)))) {
    return fail(ErrorKind::Io, fmt::format("{}: the plan of job {} is missing or damaged",
                                           connection.path(), job.value));
  }
  return std::make_shared<const spec::Grid>(std::move(plan));
}

}  // namespace

Result<core::RestoredCells> load_cells(const Connection& connection, JobId job) {
  core::RestoredCells cells;
  FURROW_TRY(cells.grid, load_grid(connection, job));

  FURROW_TRY(Statement touched, Statement::prepare(connection, sql::kTouchedCells));
  touched.bind(static_cast<std::int64_t>(job.value));
  for (;;) {
    FURROW_TRY(const bool has_row, touched.next());
    if (!has_row) break;
    cells.cells.push_back(
        {CellIndex{u(touched.integer(0))}, static_cast<v1::CellState>(touched.integer(1)),
         static_cast<std::uint32_t>(touched.integer(2)), WorkerKey{u(touched.integer(3))}});
  }

  FURROW_TRY(Statement attempts, Statement::prepare(connection, sql::kChargedAttempts));
  attempts.bind(static_cast<std::int64_t>(job.value));
  for (;;) {
    FURROW_TRY(const bool has_row, attempts.next());
    if (!has_row) break;
    cells.attempts.push_back(
        {CellIndex{u(attempts.integer(0))}, static_cast<std::uint32_t>(attempts.integer(1)),
         WorkerKey{u(attempts.integer(2))}, static_cast<v1::FailureClass>(attempts.integer(3))});
  }
  return cells;
}

Result<core::Restored> Database::load() {
  Connection& connection = state_->connection;
  FURROW_TRY_VOID(connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'"));
  core::Restored restored;
  FURROW_TRY(const std::int64_t epoch,
             connection.integer("SELECT value FROM meta WHERE key = 'epoch'"));
  restored.epoch = Epoch{u(epoch)};
  FURROW_TRY(restored.jobs, load_jobs(connection));
  for (core::RestoredJob& job : restored.jobs) {
    if (core::is_terminal(job.state)) continue;
    FURROW_TRY(job.cells, load_cells(connection, job.id));
  }
  FURROW_TRY(restored.workers, load_workers(connection));
  FURROW_TRY(restored.models, load_models(connection));
  FURROW_TRY(restored.renders, load_renders(connection));
  FURROW_TRY(restored.inputs, load_inputs(connection));
  FURROW_TRY(restored.named_inputs, load_named_inputs(connection));
  return restored;
}

}  // namespace furrow::store
