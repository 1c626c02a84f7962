#include "tests/golden_runner/case.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/files.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::golden {

namespace {

namespace fs = std::filesystem;
using engine::weights::SafetensorsFile;
using nlohmann::json;

Result<json> read_json_file(const fs::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  try {
    return json::parse(text);
  } catch (const json::exception& e) {
    return fail(ErrorKind::Invalid, fmt::format("{} is not JSON: {}", path.string(), e.what()));
  }
}

// A case's folder ends with its name, so the root of a case found by walking is what comes before.
fs::path root_of(const fs::path& folder, const fs::path& name, const fs::path& otherwise) {
  fs::path root = folder;
  auto parts = std::vector<fs::path>(name.begin(), name.end());
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (root.filename() != *part) return otherwise;
    root = root.parent_path();
  }
  return root;
}

Result<std::vector<CaseFolder>> indexed_cases(const fs::path& folder) {
  FURROW_TRY(const json index, read_json_file(folder / "index.json"));
  std::vector<CaseFolder> cases;
  try {
    for (const json& entry : index.at("cases")) {
      const auto name = entry.at("name").get<std::string>();
      cases.push_back({name, folder / entry.value("path", name), folder});
    }
  } catch (const json::exception& e) {
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {}", (folder / "index.json").string(), e.what()));
  }
  return cases;
}

Result<std::vector<CaseFolder>> walked_cases(const fs::path& folder) {
  std::vector<CaseFolder> cases;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename() != "case.json") continue;
    const auto case_folder = it->path().parent_path();
    const auto description = read_json_file(it->path());
    const auto fallback = case_folder.parent_path().filename() / case_folder.filename();
    const auto name = description && description->is_object()
                          ? description->value("name", fallback.string())
                          : fallback.string();
    cases.push_back({name, case_folder, root_of(case_folder, name, folder)});
  }
  if (error) return fail(ErrorKind::Io, fmt::format("{}: {}", folder.string(), error.message()));
  std::sort(cases.begin(), cases.end(),
            [](const CaseFolder& a, const CaseFolder& b) { return a.name < b.name; });
  return cases;
}

}  // namespace

Result<std::vector<CaseFolder>> find_cases(const fs::path& given) {
  std::error_code error;
  const auto folder = fs::canonical(given, error);
  if (error || !fs::is_directory(folder)) {
    return fail(ErrorKind::NotFound, fmt::format("{} is not a folder.", given.string()));
  }
  const bool has_index = fs::exists(folder / "index.json");
  FURROW_TRY(auto cases, has_index ? indexed_cases(folder) : walked_cases(folder));
  if (cases.empty()) {
    return fail(ErrorKind::Invalid, fmt::format("{} holds no cases (no index.json that names some, "
                                                "no case.json below it).",
                                                given.string()));
  }
  return cases;
}

Result<Case> Case::read(const fs::path& folder, const fs::path& root) {
  Case c;
  c.folder = folder;
  c.root = root;
  FURROW_TRY(c.description, read_json_file(folder / "case.json"));
  try {
    c.name = c.description.at("name");
    c.family = c.description.at("family");
    c.config = c.description.value("config", json::object());
    const auto tolerance = c.description.value("tolerance", json::object());
    c.tolerance = {tolerance.value("atol", 0.0), tolerance.value("rtol", 0.0)};
  } catch (const json::exception& e) {
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {}", (folder / "case.json").string(), e.what()));
  }
  if (fs::exists(folder / "tensors.safetensors")) {
    FURROW_TRY(auto tensors, SafetensorsFile::open(folder / "tensors.safetensors"));
    c.tensors_.push_back(std::move(tensors));
  }
  return c;
}

at::Tensor Case::tensor(std::string_view tensor_name) const {
  if (tensors_.empty()) throw std::runtime_error(name + " has no tensors.safetensors");
  return or_throw(engine::weights::copy_tensor(tensors_.front(), tensor_name));
}

bool Case::has(std::string_view tensor_name) const {
  return !tensors_.empty() && tensors_.front().find(tensor_name) != nullptr;
}

std::vector<std::string> Case::tensor_names(std::string_view prefix) const {
  std::vector<std::string> names;
  for (const auto& file : tensors_) {
    for (const auto& [tensor_name, stored] : file.tensors()) {
      if (std::string_view(tensor_name).substr(0, prefix.size()) == prefix) {
        names.push_back(tensor_name);
      }
    }
  }
  return names;
}

bool Case::has_model(std::string_view role) const {
  const auto models = description.find("models");
  return models != description.end() && models->contains(std::string(role));
}

fs::path Case::model(std::string_view role) const {
  if (!has_model(role))
    throw std::runtime_error(fmt::format("{} names no model \"{}\"", name, role));
  return root / description.at("models").at(std::string(role)).get<std::string>();
}

json Case::model_config(std::string_view role) const {
  return or_throw(read_json_file(model(role) / "config.json"));
}

json Case::read_json(std::string_view file) const {
  return or_throw(read_json_file(folder / file));
}

}  // namespace furrow::golden
