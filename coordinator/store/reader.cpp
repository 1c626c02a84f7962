#include "coordinator/store/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "coordinator/store/load.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/statements.h"

namespace furrow::store {

namespace {

std::int64_t i(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::uint64_t u(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

/// Which cells a page shows, and by which rows they are found.
class Filter {
 public:
  explicit Filter(const std::vector<v1::CellState>& states) : states_(states) {}

  bool takes(v1::CellState state) const {
    return states_.empty() || std::find(states_.begin(), states_.end(), state) != states_.end();
  }

  bool is_only(std::initializer_list<v1::CellState> some) const {
    return !states_.empty() && std::all_of(states_.begin(), states_.end(), [&](auto state) {
      return std::find(some.begin(), some.end(), state) != some.end();
    });
  }

 private:
  const std::vector<v1::CellState>& states_;
};

/// Columns as in sql::kPageColumns.
v1::CellView view_of(const Statement& row) {
  v1::CellView view;
  view.set_index(u(row.integer(0)));
  view.set_state(static_cast<v1::CellState>(row.integer(1)));
  view.set_attempt(static_cast<std::uint32_t>(row.integer(2)));
  view.set_worker(std::string(row.text(3)));
  view.set_recipe_hash(std::string(row.blob(4)));
  view.set_artifact(std::string(row.blob(5)));
  view.set_artifact_bytes(u(row.integer(6)));
  if (!row.is_null(12)) {
    v1::Timing& timing = *view.mutable_timing();
    timing.set_load(row.real(7));
    timing.set_encode(row.real(8));
    timing.set_denoise(row.real(9));
    timing.set_decode(row.real(10));
    timing.set_save(row.real(11));
    timing.set_total(row.real(12));
    view.set_seconds(row.real(12));
  }
  view.set_error(std::string(row.text(13)));
  return view;
}

v1::CellView untouched(std::uint64_t index, v1::CellState state) {
  v1::CellView view;
  view.set_index(index);
  view.set_state(state);
  return view;
}

}  // namespace

struct Reader::State {
  Connection connection;
  Statement job;
  Statement plan;
  Statement page_all;
  Statement page_live;
  Statement page_failed;
  Statement attempts;

  /// What a cell without a row is, and how many cells there are.
  struct Extent {
    std::uint64_t total = 0;
    v1::CellState untouched = v1::CELL_STATE_PENDING;
  };

  /// Leaves `job` on its row; whoever reads it rewinds it.
  Result<void> find_job(JobId id) {
    job.bind(i(id.value));
    FURROW_TRY(const bool found, job.next());
    if (found) return {};
    return fail(ErrorKind::NotFound, fmt::format("There is no job {}.", id.value));
  }

  Result<Extent> extent(JobId id) {
    FURROW_TRY_VOID(find_job(id));
    const Extent extent{u(job.integer(8)), job.integer(7) == v1::JOB_STATE_CANCELLED
                                               ? v1::CELL_STATE_CANCELLED
                                               : v1::CELL_STATE_PENDING};
    job.rewind();
    return extent;
  }

  /// A column of the job's plan row.
  Result<std::string> bytes_of_job(JobId id, int column) {
    plan.bind(i(id.value));
    FURROW_TRY(const bool found, plan.next());
    if (!found) return fail(ErrorKind::NotFound, fmt::format("There is no job {}.", id.value));
    std::string bytes(plan.blob(column));
    plan.rewind();
    return bytes;
  }

  Unexpected damaged(JobId id, std::string_view what) const {
    return fail(ErrorKind::Io,
                fmt::format("{}: the {} of job {} is damaged", connection.path(), what, id.value));
  }
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}

Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::filesystem::path& folder) {
  FURROW_TRY(Connection opened, Connection::open(folder / "furrow.db", Connection::Mode::ReadOnly));
  const auto prepare = [&opened](std::string_view sql) { return Statement::prepare(opened, sql); };
  const std::string columns(sql::kPageColumns);
  FURROW_TRY(Statement job,
             prepare("SELECT id, name, owner, priority, client_token, created_at_ms, "
                     "finished_at_ms, state, total, pending, running, done, cached, failed, "
                     "cancelled, skipped, render_seconds FROM job WHERE id = ?1"));
  FURROW_TRY(Statement plan, prepare("SELECT plan, spec FROM job_plan WHERE job = ?1"));
  FURROW_TRY(Statement page_all, prepare(columns + std::string(sql::kPageAll)));
  FURROW_TRY(Statement page_live, prepare(columns + std::string(sql::kPageLive)));
  FURROW_TRY(Statement page_failed, prepare(columns + std::string(sql::kPageFailed)));
  FURROW_TRY(Statement attempts, prepare(sql::kAttemptsOfCell));
  return Reader(std::make_unique<State>(State{std::move(opened), std::move(job), std::move(plan),
                                              std::move(page_all), std::move(page_live),
                                              std::move(page_failed), std::move(attempts)}));
}

Result<Reader::CellPage> Reader::cells(JobId job, std::uint64_t first, std::uint32_t limit,
                                       const std::vector<v1::CellState>& states) {
  FURROW_TRY(const Transaction moment, Transaction::begin(state_->connection, "DEFERRED"));
  FURROW_TRY(const State::Extent extent, state_->extent(job));
  const Filter filter(states);
  const bool with_untouched = filter.takes(extent.untouched);
  const std::size_t wanted = limit == 0 ? kMaxPage : std::min(limit, kMaxPage);

  const bool live = filter.is_only({v1::CELL_STATE_PENDING, v1::CELL_STATE_LEASED});
  const bool failed = filter.is_only({v1::CELL_STATE_FAILED});
  Statement& rows = live && !with_untouched ? state_->page_live
                    : failed                ? state_->page_failed
                                            : state_->page_all;
  rows.bind(i(job.value), i(std::min(first, extent.total)));

  CellPage page;
  std::uint64_t index = std::min(first, extent.total);
  const auto is_full = [&] { return page.cells.size() >= wanted; };
  while (index < extent.total && !is_full()) {
    FURROW_TRY(const bool has_row, rows.next());
    const std::uint64_t touched = has_row ? u(rows.integer(0)) : extent.total;
    for (; with_untouched && index < touched && !is_full(); ++index) {
      page.cells.push_back(untouched(index, extent.untouched));
    }
    if (is_full() || !has_row) {
      if (!is_full()) index = extent.total;
      break;
    }
    const auto state = static_cast<v1::CellState>(rows.integer(1));
    if (filter.takes(state)) page.cells.push_back(view_of(rows));
    index = touched + 1;
  }
  rows.rewind();
  page.next = index;
  return page;
}

Result<v1::CellView> Reader::cell(CellKey key) {
  FURROW_TRY(const Transaction moment, Transaction::begin(state_->connection, "DEFERRED"));
  FURROW_TRY(const State::Extent extent, state_->extent(key.job));
  if (key.cell.value >= extent.total) {
    return fail(ErrorKind::NotFound,
                fmt::format("Job {} has no cell {}: its {} cells count from 0.", key.job.value,
                            key.cell.value, extent.total));
  }
  Statement& row = state_->page_all;
  row.bind(i(key.job.value), i(key.cell.value));
  FURROW_TRY(const bool has_row, row.next());
  const bool touched = has_row && u(row.integer(0)) == key.cell.value;
  v1::CellView view = touched ? view_of(row) : untouched(key.cell.value, extent.untouched);
  row.rewind();

  Statement& tries = state_->attempts;
  tries.bind(i(key.job.value), i(key.cell.value));
  for (;;) {
    FURROW_TRY(const bool has_try, tries.next());
    if (!has_try) return view;
    v1::AttemptView& attempt = *view.add_attempts();
    attempt.set_attempt(static_cast<std::uint32_t>(tries.integer(0)));
    attempt.set_worker(std::string(tries.text(1)));
    attempt.set_class_(static_cast<v1::FailureClass>(tries.integer(2)));
    attempt.set_detail(std::string(tries.text(3)));
    attempt.set_log_tail(std::string(tries.text(4)));
    attempt.set_ended_at_ms(tries.integer(5));
  }
}

Result<v1::Plan> Reader::plan(JobId job) {
  FURROW_TRY(const std::string bytes, state_->bytes_of_job(job, 0));
  v1::Plan plan;
  if (!plan.ParseFromString(bytes)) return state_->damaged(job, "plan");
  return plan;
}

Result<v1::JobSpec> Reader::spec(JobId job) {
  FURROW_TRY(const std::string bytes, state_->bytes_of_job(job, 1));
  v1::JobSpec spec;
  if (!spec.ParseFromString(bytes)) return state_->damaged(job, "sweep");
  return spec;
}

Result<v1::JobView> Reader::job(JobId id) {
  Statement& row = state_->job;
  FURROW_TRY_VOID(state_->find_job(id));
  v1::JobView view;
  view.set_id(u(row.integer(0)));
  view.set_name(std::string(row.text(1)));
  view.set_owner(std::string(row.text(2)));
  view.set_priority(static_cast<std::int32_t>(row.integer(3)));
  view.set_created_at_ms(row.integer(5));
  view.set_finished_at_ms(row.integer(6));
  view.set_state(static_cast<v1::JobState>(row.integer(7)));
  view.set_eta_s(-1);
  view.set_render_seconds(row.real(16));
  v1::CellCounts& counts = *view.mutable_cells();
  counts.set_total(u(row.integer(8)));
  counts.set_pending(u(row.integer(9)));
  counts.set_running(u(row.integer(10)));
  counts.set_done(u(row.integer(11)));
  counts.set_cached(u(row.integer(12)));
  counts.set_failed(u(row.integer(13)));
  counts.set_cancelled(u(row.integer(14)));
  counts.set_skipped(u(row.integer(15)));
  row.rewind();
  return view;
}

Result<core::RestoredCells> Reader::restored_cells(JobId job) {
  FURROW_TRY(const Transaction moment, Transaction::begin(state_->connection, "DEFERRED"));
  FURROW_TRY([[maybe_unused]] const State::Extent extent, state_->extent(job));
  return load_cells(state_->connection, job);
}

}  // namespace furrow::store
