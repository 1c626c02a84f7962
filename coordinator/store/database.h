#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/restored.h"

namespace furrow::store {

/// The one read-write connection to the coordinator's database: `DATA/furrow.db` and its lock.
///
/// Everything a coordinator must not forget is in here before anyone is told of it. Only this
/// connection writes and only it moves the write-ahead log into the file (SQLite before 3.51.3 can
/// lose pages when two connections do).
///
/// Used by one thread at a time: the starting thread until StoreThread takes it.
class Database {
 public:
  /// Opens or makes the database in `folder`, takes its lock and brings its tables up to date.
  /// Errors: Conflict when another coordinator has the lock; Invalid when the file belongs to
  /// another program or to a newer furrow; Io.
  static Result<Database> open(const std::filesystem::path& folder);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Raises the epoch, commits that, and reads what the core goes on from.
  Result<core::Restored> load();

  /// Applies all ops as one transaction, in order; they are on disk when it returns. On an error
  /// nothing is written and the process must not go on.
  Result<void> commit(std::span<const core::StoreOp> ops);

  /// The same for several spans in a row, as one transaction: a group commit.
  Result<void> commit(std::span<const std::span<const core::StoreOp>> groups);

  /// Moves the write-ahead log into the file if it has grown past its bound, or whenever there is
  /// something to move and the caller is `idle`.
  Result<void> checkpoint(bool idle);

  std::filesystem::path path() const;

  struct State;  ///< connection and statements; for the files of this room

 private:
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace furrow::store
