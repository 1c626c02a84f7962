#pragma once

#include <span>
#include <string_view>

#include "common/base/result.h"
#include "coordinator/store/sqlite.h"

namespace furrow::store {

/// The SQL of every migration, in order: number n brings a database from version n - 1 to n. They
/// are the files store/migrations/NNNN_*.sql; a file that was released is never changed.
std::span<const std::string_view> migrations();

/// The version that this program reads and writes.
inline int newest_version() {
  return static_cast<int>(migrations().size());
}

/// Brings the database from its PRAGMA user_version to `target`, each step in its own transaction.
/// Error Invalid: the database is newer than this program.
Result<void> migrate(Connection& connection, int target);

}  // namespace furrow::store
