#include "coordinator/store/migrations.h"

#include <string>

#include <fmt/format.h>

#include "store_migrations.h"  // made by CMakeLists.txt from migrations/*.sql

namespace furrow::store {

std::span<const std::string_view> migrations() {
  return kMigrations;
}

Result<void> migrate(Connection& connection, int target) {
  FURROW_TRY(const std::int64_t version, connection.integer("PRAGMA user_version"));
  if (version > newest_version()) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("The database {} was written by a newer furrow (tables version {}, this "
                    "program knows {}). Start the newer release.",
                    connection.path(), version, newest_version()));
  }
  for (int next = static_cast<int>(version) + 1; next <= target; ++next) {
    FURROW_TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
    const std::string sql(migrations()[static_cast<std::size_t>(next) - 1]);
    FURROW_TRY_VOID(connection.execute(sql));
    FURROW_TRY_VOID(connection.execute(fmt::format("PRAGMA user_version = {}", next)));
    FURROW_TRY_VOID(connection.execute("COMMIT"));
  }
  return {};
}

}  // namespace furrow::store
