#include "worker/engine/model/folder_parts.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "worker/engine/model/network_loader.h"

namespace furrow::engine {

namespace fs = std::filesystem;

Result<nlohmann::json> read_model_index(const fs::path& folder,
                                        std::initializer_list<std::string_view> classes) {
  FURROW_TRY(nlohmann::json index, read_json(folder / "model_index.json"));
  const auto name =
      index.is_object() ? index.value("_class_name", nlohmann::json()) : nlohmann::json();
  const auto text = name.is_string() ? name.get<std::string>() : std::string();
  if (std::find(classes.begin(), classes.end(), text) != classes.end()) return index;
  return fail(ErrorKind::Invalid, fmt::format("{} is a model for {}; this engine runs {}.",
                                              folder.string(), name.dump(), *classes.begin()));
}

Result<fs::path> part_folder(const fs::path& folder, std::string_view part) {
  if (fs::is_directory(folder / part)) return folder / part;
  return fail(ErrorKind::NotFound,
              fmt::format("{} has no folder {}: it is not a whole diffusers model. Download it "
                          "again.",
                          folder.string(), part));
}

Unexpected parts_do_not_fit(const fs::path& folder, std::string_view what, std::int64_t a,
                            std::string_view and_what, std::int64_t b) {
  return fail(ErrorKind::Invalid, fmt::format("The parts of {} do not fit: {} is {}, {} is {}.",
                                              folder.string(), what, a, and_what, b));
}

}  // namespace furrow::engine
