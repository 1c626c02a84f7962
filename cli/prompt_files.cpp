#include "cli/prompt_files.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/files.h"
#include "common/config/paths.h"

namespace furrow::cli {

namespace {

namespace fs = std::filesystem;

/// The files below a folder that end in one of `extensions`, in the order of their paths.
Result<std::vector<fs::path>> files_below(const fs::path& folder,
                                          std::initializer_list<const char*> extensions) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool is_wanted = std::find(extensions.begin(), extensions.end(),
                                     entry->path().extension()) != extensions.end();
    if (is_wanted && entry->is_regular_file(error)) files.push_back(entry->path());
  }
  if (error) return fail(ErrorKind::Io, fmt::format("{}: {}.", folder.string(), error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<prompt::Style>> styles_of(const fs::path& file, const std::string& folder) {
  FURROW_TRY(const std::string text, read_file(file));
  auto styles = file.extension() == ".csv" ? prompt::styles_from_csv(text)
                                           : prompt::styles_from_json(text, folder);
  if (styles) return styles;
  return fail(styles.error().kind, fmt::format("{}: {}", file.string(), styles.error().message));
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

Result<prompt::WildcardBook> read_wildcards(const fs::path& folder) {
  if (!is_folder(folder))
    return fail(ErrorKind::NotFound,
                fmt::format("{} is not a folder of wildcards.", folder.string()));
  FURROW_TRY(const auto files, files_below(folder, {".txt"}));
  prompt::WildcardBook book;
  for (const fs::path& file : files) {
    FURROW_TRY(const std::string content, read_file(file));
    book.add(file.lexically_relative(folder).replace_extension().generic_string(), content);
  }
  return book;
}

Result<std::vector<prompt::Style>> read_styles(const fs::path& path) {
  if (!is_folder(path)) return styles_of(path, "");
  FURROW_TRY(const auto files, files_below(path, {".json", ".csv"}));
  std::vector<prompt::Style> styles;
  for (const fs::path& file : files) {
    const fs::path folder = file.parent_path().lexically_relative(path);
    FURROW_TRY(auto more, styles_of(file, folder == "." ? "" : folder.generic_string()));
    std::move(more.begin(), more.end(), std::back_inserter(styles));
  }
  return styles;
}

Result<fs::path> tokenizer_folder(const std::optional<std::string>& model, const fs::path& data) {
  const std::string name = model.value_or(config::kDefaultModel);
  std::vector<fs::path> candidates = {name};
  for (const fs::path& folder : config::model_folders(data)) candidates.push_back(folder / name);
  for (const fs::path& candidate : candidates)
    if (is_folder(candidate / "tokenizer")) return candidate / "tokenizer";
  std::string looked;
  for (const fs::path& candidate : candidates) {
    if (!looked.empty()) looked += ", ";
    looked += candidate.string();
  }
  return fail(ErrorKind::NotFound,
              fmt::format("No model \"{}\" with a tokenizer is on this machine; looked at {}. Name "
                          "a model's folder with --model.",
                          name, looked));
}

}  // namespace furrow::cli
