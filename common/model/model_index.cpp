#include "common/model/model_index.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/model/file_hashes.h"
#include "common/model/model_folder.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;

Result<Digest> hash_content(const fs::path& folder, const ModelFolder& model, FileHashes& hashes) {
  std::string lines = "furrow-model/1\n";
  for (const fs::path& file : model.content) {
    FURROW_TRY(const Digest digest, hashes.hash_of(folder / file));
    lines += fmt::format("{} {}\n", file.generic_string(), digest.hex());
  }
  return sha256(lines);
}

/// The name of the folder, also of "models/x/" and ".".
std::string name_of(const fs::path& folder) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(folder, error);
  if (error) whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole.filename() : whole.parent_path().filename()).string();
}

Result<FoundModel> read_with(const fs::path& folder, FileHashes& hashes) {
  const std::string name = name_of(folder);
  if (!is_valid_utf8(name)) {
    return fail(ErrorKind::Invalid,
                "A model folder's name is not valid UTF-8. Rename the folder to use it.");
  }
  FURROW_TRY(const ModelFolder model, open_model_folder(folder));
  FURROW_TRY(const Digest digest, hash_content(folder, model, hashes));
  FoundModel found;
  found.path = folder;
  found.description.mutable_model()->set_name(name);
  found.description.mutable_model()->set_hash(digest.raw());
  found.description.set_family(model.family);
  found.description.set_vae_factor(model.vae_factor);
  found.description.set_default_size(model.default_size);
  found.description.set_vae_only(model.vae_only);
  return found;
}

/// What lies directly in a folder, by name; nothing if it cannot be read.
std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  std::ranges::sort(entries);
  return entries;
}

class Scanner {
 public:
  explicit Scanner(FileHashes& hashes) : hashes_(hashes) {}

  void scan(const fs::path& folder) {
    if (looks_like_model(folder)) return add(folder);
    for (const fs::path& entry : sorted_entries(folder)) {
      std::error_code ignored;
      if (fs::is_directory(entry, ignored)) {
        if (looks_like_model(entry)) add(entry);
      } else if (auto reason = why_no_model(entry)) {
        index_.broken.push_back({entry, std::move(*reason)});
      }
    }
  }

  ModelIndex finish() && { return std::move(index_); }

 private:
  void add(const fs::path& folder) {
    if (names_.contains(name_of(folder))) return;
    auto found = read_with(folder, hashes_);
    if (found) {
      names_.insert(found->description.model().name());
      index_.models.push_back(*std::move(found));
    } else {
      index_.broken.push_back({folder, found.error().message});
    }
  }

  FileHashes& hashes_;
  std::set<std::string> names_;
  ModelIndex index_;
};

}  // namespace

ModelIndex scan_models(const std::vector<fs::path>& folders, const fs::path& cache_file) {
  FileHashes hashes = FileHashes::load(cache_file);
  Scanner scanner(hashes);
  for (const fs::path& folder : folders) scanner.scan(folder);
  // Without a cache the next scan reads the files again; that is all.
  static_cast<void>(hashes.save(cache_file));
  return std::move(scanner).finish();
}

Result<FoundModel> read_model_folder(const fs::path& folder) {
  FileHashes hashes;
  return read_with(folder, hashes);
}

Result<Digest> hash_model_folder(const fs::path& folder) {
  FileHashes hashes;
  FURROW_TRY(const ModelFolder model, open_model_folder(folder));
  return hash_content(folder, model, hashes);
}

}  // namespace furrow::model
