#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "worker/engine/weights/checkpoint.h"

namespace furrow::engine {

/// The parts of a model on the disk, called as diffusers calls them ("unet", "text_encoder_2", …),
/// whether each lies in a folder of its own or all are in one file. Nothing is loaded yet.
class ModelParts {
 public:
  /// Opens a diffusers folder (model_index.json), or a whole checkpoint in an original layout
  /// (SingleFile): a safetensors file or one of torch.save.
  ///
  /// Errors: NotFound or Io from the disk; Invalid for what is neither, naming the file.
  static Result<std::unique_ptr<const ModelParts>> open(const std::filesystem::path& path);

  virtual ~ModelParts() = default;

  const std::filesystem::path& path() const { return path_; }

  /// model_index.json, or what stands for it: "_class_name" is the pipeline of diffusers that the
  /// model is for.
  const nlohmann::json& index() const { return index_; }

  virtual bool has(std::string_view part) const = 0;

  /// A network's config.json and weights.
  struct Network {
    std::filesystem::path config_file;  ///< to name in messages
    nlohmann::json config;
    weights::Checkpoint weights;
  };

  /// @param stem  the file name of the weights in a folder, without what ends it
  /// Errors: NotFound without the part; Invalid, naming the file that is damaged.
  virtual Result<Network> network(std::string_view part, std::string_view stem,
                                  const weights::KeyMap& key_map) const = 0;

  /// The tokenizer of a text encoder. Errors: NotFound or Invalid, naming the file.
  virtual Result<prompt::BpeTokenizer> tokenizer(std::string_view part) const = 0;

  /// scheduler_config.json, or what all released models of the family have; without a
  /// "prediction_type" where nothing but running the network tells. Errors: as network.
  virtual Result<nlohmann::json> scheduler_config() const = 0;

 protected:
  ModelParts(std::filesystem::path path, nlohmann::json index)
      : path_(std::move(path)), index_(std::move(index)) {}

 private:
  std::filesystem::path path_;
  nlohmann::json index_;
};

}  // namespace furrow::engine
