#include "coordinator/store/database.h"

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "coordinator/store/database_state.h"
#include "coordinator/store/migrations.h"

namespace furrow::store {

namespace {

constexpr std::int64_t kApplicationId = 0x46525731;  // "FRW1"
constexpr std::int64_t kPageBytes = 4096;
/// The log is moved into the file when it has grown to this, without waiting for anyone.
constexpr std::int64_t kPassiveBytes = 64LL << 20;
/// At this it is moved and cut to nothing, which waits for readers.
constexpr std::int64_t kTruncateBytes = 512LL << 20;

/// FULL makes every commit durable; automatic checkpoints are off because checkpoint() makes them.
constexpr const char* kPragmas =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = OFF;";

/// A new file gets our mark; any other mark means another program's database.
Result<void> check_owner(Connection& connection) {
  FURROW_TRY(const std::int64_t id, connection.integer("PRAGMA application_id"));
  if (id == kApplicationId) return {};
  FURROW_TRY(const std::int64_t tables,
             connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"));
  if (id != 0 || tables != 0) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is a database of another program. Choose another data folder.",
                            connection.path()));
  }
  return connection.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
}

int remember_wal_pages(void* wal_pages, sqlite3*, const char*, int pages) {
  *static_cast<int*>(wal_pages) = pages;
  return SQLITE_OK;
}

}  // namespace

Result<Database> Database::open(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return fail(ErrorKind::Io, fmt::format("Cannot make the data folder {}: {}", folder.string(),
                                           failed.message()));
  }
  FURROW_TRY(auto lock, lock_file(folder / "furrow.lock"));
  if (!lock) {
    return fail(ErrorKind::Conflict,
                fmt::format("Another coordinator is running on {}. Stop it, or choose another data "
                            "folder with --data.",
                            folder.string()));
  }
  const std::filesystem::path path = folder / "furrow.db";
  FURROW_TRY(Connection connection, Connection::open(path, Connection::Mode::ReadWrite));
  FURROW_TRY_VOID(check_owner(connection));
  FURROW_TRY_VOID(connection.execute(kPragmas));
  FURROW_TRY_VOID(migrate(connection, newest_version()));

  auto state = std::make_unique<State>(State{std::move(*lock), std::move(connection), {}, 0});
  sqlite3_wal_hook(state->connection.get(), remember_wal_pages, &state->wal_pages);
  FURROW_TRY(Writer writer, Writer::prepare(state->connection));
  state->writer.emplace(std::move(writer));
  return Database(std::move(state));
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<void> Database::commit(std::span<const core::StoreOp> ops) {
  return commit(std::span(&ops, 1));
}

Result<void> Database::commit(std::span<const std::span<const core::StoreOp>> groups) {
  FURROW_TRY(Transaction transaction, Transaction::begin(state_->connection, "IMMEDIATE"));
  for (const std::span<const core::StoreOp>& ops : groups) {
    for (const core::StoreOp& op : ops) FURROW_TRY_VOID(state_->writer->apply(op));
  }
  FURROW_TRY_VOID(state_->writer->flush());
  return transaction.commit();
}

Result<void> Database::checkpoint(bool idle) {
  const std::int64_t bytes = state_->wal_pages * kPageBytes;
  const bool due = bytes > kPassiveBytes || (idle && bytes > 0);
  if (!due) return {};
  const int mode = bytes > kTruncateBytes ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  int in_log = 0;
  int moved = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(state_->connection.get(), nullptr, mode, &in_log, &moved);
  // Busy means that a reader still needs a part of the log: the next try gets it.
  if (code != SQLITE_OK && code != SQLITE_BUSY) return state_->connection.error("checkpoint");
  if (in_log == moved) state_->wal_pages = 0;
  return {};
}

std::filesystem::path Database::path() const {
  return state_->connection.path();
}

}  // namespace furrow::store
