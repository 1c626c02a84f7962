#include "worker/engine/model/network_loader.h"

#include "common/base/files.h"

namespace furrow::engine {

Result<nlohmann::json> read_json(const std::filesystem::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorKind::Invalid, fmt::format("{} is not JSON: {}", path.string(), e.what()));
  }
}

Unexpected in_file(const std::filesystem::path& path, const Error& error) {
  return fail(error.kind, fmt::format("{}: {}", path.string(), error.message));
}

}  // namespace furrow::engine
