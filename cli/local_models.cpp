#include "cli/local_models.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "cli/session.h"
#include "common/config/paths.h"
#include "common/spec/nearest.h"

namespace furrow::cli {

namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return text;
}

using Fits = std::function<bool(const std::string& name, const fs::path& path)>;

struct Choice {
  std::vector<const model::FoundModel*> models;
  std::vector<const model::BrokenModel*> broken;
};

Choice that_fit(const model::ModelIndex& index, const Fits& fits) {
  Choice choice;
  for (const auto* list : {&index.models, &index.others}) {
    for (const model::FoundModel& found : *list) {
      if (fits(found.description.model().name(), found.path)) choice.models.push_back(&found);
    }
  }
  for (const model::BrokenModel& broken : index.broken) {
    if (fits(broken.path.stem().string(), broken.path)) choice.broken.push_back(&broken);
  }
  return choice;
}

Unexpected not_found(const std::string& text, const model::ModelIndex& index) {
  std::vector<std::string> names;
  for (const auto* list : {&index.models, &index.others}) {
    for (const model::FoundModel& found : *list) names.push_back(found.description.model().name());
  }
  const auto near = spec::nearest(text, names);
  return fail(
      ErrorKind::NotFound,
      fmt::format("There is no model \"{}\" on this machine.{} See: furrow model list", text,
                  near ? fmt::format(" Did you mean \"{}\"?", *near) : std::string()));
}

}  // namespace

Result<std::vector<fs::path>> model_folders_of(const Arguments& arguments) {
  if (!arguments.has("folder")) return config::model_folders(data_folder_of(arguments));
  std::vector<fs::path> folders;
  for (const std::string& folder : arguments.texts("folder")) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
      return fail(ErrorKind::NotFound, fmt::format("There is no folder {}.", folder));
    folders.emplace_back(folder);
  }
  return folders;
}

Result<model::FoundModel> choose_model(const Arguments& arguments, const std::string& text) {
  FURROW_TRY(const auto folders, model_folders_of(arguments));
  std::error_code ignored;
  if (fs::exists(text, ignored)) return model::find_model(text);
  // What is written like a path names a file, and no model.
  if (text.find('/') != std::string::npos)
    return fail(ErrorKind::NotFound, fmt::format("There is no file or folder {}.", text));
  const model::ModelIndex index = model::list_models(folders);
  const Fits exactly = [&](const std::string& name, const fs::path& path) {
    return name == text || path.filename() == text;
  };
  const Fits any_case = [&](const std::string& name, const fs::path& path) {
    return lower(name) == lower(text) || lower(path.filename().string()) == lower(text);
  };
  for (const Fits& fits : {exactly, any_case}) {
    const Choice choice = that_fit(index, fits);
    if (choice.models.size() > 1) {
      return fail(
          ErrorKind::Conflict,
          fmt::format("\"{}\" is the name of several: {} and {}. Give the path of one.", text,
                      choice.models[0]->path.string(), choice.models[1]->path.string()));
    }
    if (!choice.models.empty()) return *choice.models.front();
    if (!choice.broken.empty()) return fail(ErrorKind::Invalid, choice.broken.front()->reason);
  }
  return not_found(text, index);
}

SharedHashes::SharedHashes(const Arguments& arguments)
    : file_(data_folder_of(arguments) / "worker" / "models.json"),
      hashes_(model::FileHashes::load(file_)) {}

SharedHashes::~SharedHashes() {
  // Without it the files are read again; that is all.
  static_cast<void>(hashes_.save(file_));
}

}  // namespace furrow::cli
