#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/model/traits.h"

namespace furrow::model {

/// The JSON object in a file. Errors: Invalid, naming the file, when it is missing or none.
Result<nlohmann::json> read_json_object(const std::filesystem::path& file);

/// The "_class_name" of a config; empty: it has none.
std::string class_of(const nlohmann::json& config);

/// Which networks and tokenizers a family has, in the order of diffusers.
struct FamilyParts {
  std::string_view network;  ///< "unet" or "transformer"
  std::vector<std::string_view> text_encoders;
  std::vector<std::string_view> tokenizers;
};

FamilyParts parts_of(std::string_view family);

/// Kind, family, variant and prediction of a diffusers folder, by model_index.json and the configs
/// of its network and scheduler; sizes and parts are not filled in.
///
/// Errors: Invalid, naming the config that is missing or damaged, or the class that is not known.
Result<Traits> read_pipeline_traits(const std::filesystem::path& folder,
                                    const nlohmann::json& index);

}  // namespace furrow::model
