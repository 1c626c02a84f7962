#include "worker/engine/model/network_loader.h"

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::engine {

Result<nlohmann::json> read_json(const std::filesystem::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  auto json = parse_json(text);
  if (!json.is_discarded()) return json;
  return fail(ErrorKind::Invalid,
              fmt::format("{} is not JSON, or nested more than {} deep. Download the model again.",
                          path.string(), kMaxJsonDepth));
}

Unexpected in_file(const std::filesystem::path& path, const Error& error) {
  return fail(error.kind, fmt::format("{}: {}", path.string(), error.message));
}

}  // namespace furrow::engine
