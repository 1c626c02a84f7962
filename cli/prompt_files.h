#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/styles.h"
#include "common/prompt/wildcards.h"

/// The files that prompts refer to: common/prompt reads none itself.
namespace furrow::cli {

/// The lists of a folder: every .txt file in it and below, by its path without the ending.
/// Errors: NotFound without such a folder, Io for what cannot be read.
Result<prompt::WildcardBook> read_wildcards(const std::filesystem::path& folder);

/// The styles of a file (.json as sdnext writes them, .csv as A1111 does), or of all such files of
/// a folder and below, in the order of their paths. Errors: NotFound, Io, or Invalid, naming the
/// file.
Result<std::vector<prompt::Style>> read_styles(const std::filesystem::path& path);

/// The tokenizer's folder of a model: `model` is a model's folder or the name of one in the folders
/// of models; nothing: the embedded model. Errors: NotFound, naming where was looked.
Result<std::filesystem::path> tokenizer_folder(const std::optional<std::string>& model,
                                               const std::filesystem::path& data);

}  // namespace furrow::cli
