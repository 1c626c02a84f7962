#pragma once

#include <optional>

#include "common/base/files.h"
#include "coordinator/store/apply.h"
#include "coordinator/store/database.h"
#include "coordinator/store/sqlite.h"

namespace furrow::store {

struct Database::State {
  FileDescriptor lock;  // first: it is held until the connection is closed
  Connection connection;
  std::optional<Writer> writer;
  int wal_pages = 0;  ///< in the write-ahead log, by the newest commit
};

}  // namespace furrow::store
