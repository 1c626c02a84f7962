// What can be told without a coordinator: disk, programs, models, fonts, limits.
#include <array>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include "cli/doctor/checks.h"
#include "cli/output/text.h"
#include "common/base/files.h"
#include "common/config/paths.h"
#include "common/model/model_index.h"

namespace furrow::cli {

namespace {

constexpr std::uint64_t kDiskFail = 100'000'000;
constexpr std::uint64_t kDiskWarn = 2'000'000'000;
/// A worker takes two connections and an upload a file; below this a few hundred workers run out.
constexpr rlim_t kFilesWarn = 4096;

Check check_data_folder(const std::filesystem::path& data) {
  std::error_code error;
  if (!std::filesystem::exists(data, error)) {
    return {"data folder", Health::Warn, data.string() + " does not exist yet",
            "furrow up makes it; or name another one with --data"};
  }
  if (!std::filesystem::is_directory(data, error)) {
    return {"data folder", Health::Fail, data.string() + " is no folder",
            "name another one with --data or FURROW_DATA"};
  }
  if (access(data.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {"data folder", Health::Fail, data.string() + " cannot be written",
            "give it to this user, or name another one with --data"};
  }
  return {"data folder", Health::Ok, data.string(), ""};
}

/// The nearest folder above that exists: where a folder that is not made yet would lie.
std::filesystem::path existing_part(std::filesystem::path path) {
  std::error_code error;
  path = std::filesystem::absolute(path);
  while (!std::filesystem::exists(path, error) && path != path.root_path())
    path = path.parent_path();
  return path;
}

Check check_disk_space(const std::filesystem::path& data) {
  std::error_code error;
  const auto space = std::filesystem::space(existing_part(data), error);
  if (error) return {"disk space", Health::Warn, "not known: " + error.message(), ""};
  const std::string free = bytes_text(space.available) + " free";
  const char* advice = "make room, or move the data folder with --data";
  if (space.available < kDiskFail) return {"disk space", Health::Fail, free, advice};
  if (space.available < kDiskWarn) return {"disk space", Health::Warn, free, advice};
  return {"disk space", Health::Ok, free, ""};
}

bool holds_a_font(const std::filesystem::path& folder) {
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(
           folder, std::filesystem::directory_options::skip_permission_denied, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    const auto extension = entry->path().extension();
    if (extension == ".ttf" || extension == ".otf" || extension == ".ttc") return true;
  }
  return false;
}

Check check_fonts() {
  const char* home = std::getenv("HOME");
  const std::filesystem::path user = home == nullptr ? "/" : home;
  for (const auto& folder :
       {std::filesystem::path("/usr/share/fonts"), std::filesystem::path("/usr/local/share/fonts"),
        user / ".local/share/fonts", user / ".fonts"}) {
    if (holds_a_font(folder)) return {"fonts", Health::Ok, "in " + folder.string(), ""};
  }
  return {"fonts", Health::Warn, "none found: sheets will have empty labels",
          "install one, for example the package fonts-dejavu-core"};
}

Check check_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::string found = limit.rlim_max == RLIM_INFINITY
                                ? std::string("no limit")
                                : fmt::format("at most {}", grouped(limit.rlim_max));
  if (limit.rlim_max < kFilesWarn) {
    return {"open files", Health::Warn, found,
            "raise it (ulimit -Hn) before hundreds of workers join"};
  }
  return {"open files", Health::Ok, found, ""};
}

Check check_libraries() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  std::string found = fmt::format("libzmq {}.{}.{}", major, minor, patch);
  if (zmq_has("curve") == 0) {
    return {"libraries", Health::Warn, found + " without CURVE",
            "connections cannot be encrypted; install the system's libzmq"};
  }
  return {"libraries", Health::Ok, found, ""};
}

}  // namespace

std::vector<Check> check_disk(const std::filesystem::path& data) {
  return {check_data_folder(data), check_disk_space(data)};
}

std::vector<Check> check_programs(const std::filesystem::path& folder) {
  struct Program {
    const char* name;
    Health when_missing;
    const char* what_for;
  };

  static constexpr std::array kPrograms = {
      Program{"furrow-coordinator", Health::Warn, "this machine cannot run a coordinator"},
      Program{"furrow-worker", Health::Warn, "this machine cannot be a worker"},
      Program{"furrow-engine", Health::Warn, "this machine cannot render by itself"},
      Program{"furrow-sheet", Health::Fail, "sheets cannot be drawn"}};
  std::vector<Check> checks;
  for (const Program& program : kPrograms) {
    const auto path = folder / program.name;
    if (access(path.c_str(), X_OK) == 0) {
      checks.push_back({program.name, Health::Ok, path.string(), ""});
    } else {
      checks.push_back({program.name, program.when_missing,
                        fmt::format("not in {}: {}", folder.string(), program.what_for),
                        "install furrow whole, all its programs in one folder"});
    }
  }
  return checks;
}

std::vector<Check> check_models(const std::filesystem::path& data) {
  const auto folders = config::model_folders(data);
  // The worker's own notes, so that large models are not read again.
  const auto index = model::scan_models(folders, data / "worker" / "models.json");
  std::vector<Check> checks;
  std::vector<std::string> names;
  for (const model::FoundModel& found : index.models)
    names.push_back(found.description.model().name());
  if (names.empty()) {
    checks.push_back(
        {"models", Health::Warn, "none on this machine",
         fmt::format("put diffusers folders or checkpoints into {} or name their folder in "
                     "FURROW_MODELS",
                     (data / "models").string())});
  } else {
    checks.push_back({"models", Health::Ok, fmt::format("{}", fmt::join(names, ", ")), ""});
  }
  for (const model::BrokenModel& broken : index.broken) {
    checks.push_back({"model " + broken.path.filename().string(), Health::Warn, broken.reason,
                      "mend or remove " + broken.path.string()});
  }
  return checks;
}

std::vector<Check> check_system() {
  return {check_fonts(), check_open_files(), check_libraries()};
}

}  // namespace furrow::cli
