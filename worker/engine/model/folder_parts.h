#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/result.h"

/// What whole model folders have in common. For the sources of this room.
namespace furrow::engine {

/// model_index.json of a folder. Errors: as read_json; Invalid when its class is none of `classes`,
/// of which the first is what this loader is for.
Result<nlohmann::json> read_model_index(const std::filesystem::path& folder,
                                        std::initializer_list<std::string_view> classes);

/// The folder of a part, as model_index.json lists it. Errors: NotFound.
Result<std::filesystem::path> part_folder(const std::filesystem::path& folder,
                                          std::string_view part);

/// Each part can be sound and yet belong to another model: says which two do not fit.
Unexpected parts_do_not_fit(const std::filesystem::path& folder, std::string_view what,
                            std::int64_t a, std::string_view and_what, std::int64_t b);

}  // namespace furrow::engine
