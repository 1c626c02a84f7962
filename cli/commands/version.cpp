#include "common/base/version.h"

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "common/config/exit_code.h"
#include "common/wire/socket.h"

namespace furrow::cli {

std::span<const Flag> version_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_version(const Arguments& arguments, Console& console) {
  if (arguments.has("json")) {
    console.out << document(
        {{"schema", "furrow.version/1"}, {"version", kVersion}, {"protocol", wire::kProtocol}});
  } else {
    console.out << fmt::format("furrow {}\n", kVersion);
  }
  return config::kExitOk;
}

}  // namespace furrow::cli
