#include "worker/engine/model/model_parts.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "worker/engine/model/network_loader.h"
#include "worker/engine/model/single_file_parts.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;

class FolderParts : public ModelParts {
 public:
  FolderParts(fs::path folder, nlohmann::json index)
      : ModelParts(std::move(folder), std::move(index)) {}

  // A part that model_index.json lists as [null, null] is left out on purpose.
  bool has(std::string_view part) const override {
    const auto found = index().find(part);
    const bool is_left_out =
        found != index().end() && found->is_array() && !found->empty() && found->front().is_null();
    return !is_left_out && fs::is_directory(path() / part);
  }

  Result<Network> network(std::string_view part, std::string_view stem,
                          const weights::KeyMap& key_map) const override {
    FURROW_TRY(const auto folder, folder_of(part));
    FURROW_TRY(auto config, read_json(folder / "config.json"));
    FURROW_TRY(auto checkpoint, weights::Checkpoint::open(folder, stem, key_map));
    return Network{folder / "config.json", std::move(config), std::move(checkpoint)};
  }

  Result<prompt::BpeTokenizer> tokenizer(std::string_view part) const override {
    FURROW_TRY(const auto folder, folder_of(part));
    return prompt::BpeTokenizer::load(folder);
  }

  Result<nlohmann::json> scheduler_config() const override {
    FURROW_TRY(const auto folder, folder_of("scheduler"));
    return read_json(folder / "scheduler_config.json");
  }

 private:
  Result<fs::path> folder_of(std::string_view part) const {
    if (fs::is_directory(path() / part)) return path() / part;
    return fail(ErrorKind::NotFound,
                fmt::format("{} has no folder {}: it is not a whole diffusers model. Download it "
                            "again.",
                            path().string(), part));
  }
};

}  // namespace

Result<std::unique_ptr<const ModelParts>> ModelParts::open(const fs::path& path) {
  if (!fs::is_directory(path)) return open_single_file(path);
  FURROW_TRY(auto index, read_json(path / "model_index.json"));
  if (!index.is_object())
    return fail(ErrorKind::Invalid, fmt::format("{} is no index of a model's parts.",
                                                (path / "model_index.json").string()));
  return std::unique_ptr<const ModelParts>(
      std::make_unique<const FolderParts>(path, std::move(index)));
}

}  // namespace furrow::engine
