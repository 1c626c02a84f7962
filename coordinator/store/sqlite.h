#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/digest.h"
#include "common/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace furrow::store {

/// Bytes that are not text.
struct Blob {
  std::string_view bytes;
};

/// SQL NULL.
struct Null {};

/// An open database. Every failure is an Io error that says what was done, on which file, and what
/// SQLite answered.
class Connection {
 public:
  enum class Mode {
    ReadWrite,  ///< made if absent
    ReadOnly,   ///< can neither write nor checkpoint
  };

  static Result<Connection> open(const std::filesystem::path& path, Mode mode);

  sqlite3* get() const { return handle_.get(); }

  const std::string& path() const { return path_; }

  /// Runs one or more statements that return nothing of interest.
  Result<void> execute(const std::string& sql);
  /// The first column of the first row.
  Result<std::int64_t> integer(const std::string& sql);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

/// A prepared statement. Requires: its Connection outlives it.
class Statement {
 public:
  static Result<Statement> prepare(const Connection& connection, std::string_view sql);

  /// Binds all parameters in order. Texts and blobs are not copied: they must live until the next
  /// bind.
  template <typename... Values>
  void bind(const Values&... values) {
    rewind();
    int place = 0;
    (bind_one(++place, values), ...);
  }

  /// Binds, and runs to the end. For what returns no rows.
  template <typename... Values>
  Result<void> run(const Values&... values) {
    bind(values...);
    return finish();
  }

  /// Steps to the next row: true when there is one. The statement rewinds itself after the last.
  Result<bool> next();

  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;
  /// Valid until the next step.
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

  void rewind();
  /// How many rows the newest run() of the connection changed.
  int changed_rows() const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Result<void> finish();
  void bind_one(int place, std::int64_t value);
  void bind_one(int place, double value);
  void bind_one(int place, std::string_view text);
  void bind_one(int place, Blob blob);
  void bind_one(int place, Null);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A transaction that is undone unless it is committed.
class Transaction {
 public:
  /// `kind`: "IMMEDIATE" to write, "DEFERRED" to read several things as of one moment.
  static Result<Transaction> begin(const Connection& connection, std::string_view kind);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(sqlite3* handle) : handle_(handle) {}

  sqlite3* handle_;  // null once it is over
};

}  // namespace furrow::store
