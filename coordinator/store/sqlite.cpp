#include "coordinator/store/sqlite.h"

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace furrow::store {

namespace {

/// The error for the newest failed call on this connection. `handle` is null when not even that was
/// made.
Unexpected database_error(sqlite3* handle, std::string_view path, std::string_view what) {
  return fail(ErrorKind::Io, fmt::format("The database {} failed: {} (during \"{}\")", path,
                                         handle ? sqlite3_errmsg(handle) : "out of memory", what));
}

Unexpected database_error(sqlite3* handle, std::string_view what) {
  return database_error(handle, sqlite3_db_filename(handle, "main"), what);
}

Result<void> run_sql(sqlite3* handle, const std::string& sql) {
  if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return database_error(handle, sql);
}

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Result<Connection> Connection::open(const std::filesystem::path& path, Mode mode) {
  const int flags =
      mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(handle, path.string());
  if (code != SQLITE_OK) return database_error(handle, connection.path(), "open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  if (mode == Mode::ReadOnly) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    FURROW_TRY_VOID(connection.execute("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;"));
  }
  return connection;
}

Result<void> Connection::execute(const std::string& sql) {
  return run_sql(get(), sql);
}

Result<std::int64_t> Connection::integer(const std::string& sql) {
  FURROW_TRY(Statement statement, Statement::prepare(*this, sql));
  FURROW_TRY(const bool has_row, statement.next());
  if (!has_row) return fail(ErrorKind::Io, fmt::format("{}: \"{}\" has no answer", path_, sql));
  return statement.integer(0);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Statement> Statement::prepare(const Connection& connection, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return database_error(connection.get(), sql);
  return Statement(statement);
}

Result<bool> Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    Unexpected error =
        database_error(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
    rewind();
    return error;
  }
  rewind();
  return false;
}

Result<void> Statement::finish() {
  FURROW_TRY(bool more, next());
  while (more) {
    FURROW_TRY(more, next());
  }
  return {};
}

void Statement::rewind() {
  sqlite3_reset(statement_.get());
}

int Statement::changed_rows() const {
  return sqlite3_changes(sqlite3_db_handle(statement_.get()));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  return blob(column);
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), bytes ? static_cast<std::size_t>(size) : 0};
}

void Statement::bind_one(int place, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), place, value);
}

void Statement::bind_one(int place, double value) {
  sqlite3_bind_double(statement_.get(), place, value);
}

void Statement::bind_one(int place, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), place, text.data() ? text.data() : "", text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_one(int place, Blob blob) {
  sqlite3_bind_blob64(statement_.get(), place, blob.bytes.data() ? blob.bytes.data() : "",
                      blob.bytes.size(), SQLITE_STATIC);
}

void Statement::bind_one(int place, Null) {
  sqlite3_bind_null(statement_.get(), place);
}

Result<Transaction> Transaction::begin(const Connection& connection, std::string_view kind) {
  FURROW_TRY_VOID(run_sql(connection.get(), fmt::format("BEGIN {}", kind)));
  return Transaction(connection.get());
}

Transaction::Transaction(Transaction&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)) {}

Transaction::~Transaction() {
  if (handle_) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  FURROW_TRY_VOID(run_sql(handle_, "COMMIT"));
  handle_ = nullptr;
  return {};
}

}  // namespace furrow::store
