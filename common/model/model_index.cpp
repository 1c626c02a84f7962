#include "common/model/model_index.h"

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/model/model_file.h"
#include "common/model/model_folder.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;

/// The name of the folder, also of "models/x/" and "."; of a file without its extension.
std::string name_of(const fs::path& path, Layout layout) {
  if (layout == Layout::SingleFile) return path.stem().string();
  std::error_code error;
  fs::path whole = fs::weakly_canonical(path, error);
  if (error) whole = fs::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole.filename() : whole.parent_path().filename()).string();
}

void describe(FoundModel& found, const std::string& name) {
  found.description.mutable_model()->set_name(name);
  found.description.set_family(found.traits.family);
  found.description.set_vae_factor(found.traits.vae_factor);
  found.description.set_default_size(found.traits.default_size);
  found.description.set_vae_only(found.traits.kind == Kind::Vae);
  found.description.set_kind(std::string(name_of(found.traits.kind)));
}

Result<void> add_hash(FoundModel& found, FileHashes& hashes) {
  FURROW_TRY(const Digest digest, content_hash(found, hashes));
  found.description.mutable_model()->set_hash(digest.raw());
  return {};
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
  /// @param hashes  nullptr: nothing is hashed
  explicit Scanner(FileHashes* hashes) : hashes_(hashes) {}

  void scan(const fs::path& folder) {
    if (looks_like_model(folder)) return add(folder);
    for (const fs::path& entry : sorted_entries(folder)) {
      std::error_code ignored;
      const bool is_model = fs::is_directory(entry, ignored)
                                ? looks_like_model(entry)
                                : fs::is_regular_file(entry, ignored) && is_weights_file(entry);
      if (is_model) add(entry);
    }
  }

  ModelIndex finish() && { return std::move(index_); }

 private:
  void add(const fs::path& path) {
    auto found = find_model(path);
    if (!found) return give_up(path, found.error());
    const auto [first, is_new] =
        seen_.emplace(std::pair(found->traits.kind, found->description.model().name()), path);
    if (!is_new) {
      // The same folder may be given twice.
      std::error_code ignored;
      if (!fs::equivalent(first->second, path, ignored)) hide(path, first->second);
      return;
    }
    if (!engine_renders(found->traits, found->layout)) {
      index_.others.push_back(*std::move(found));
      return;
    }
    const auto hashed = hashes_ == nullptr ? Result<void>() : add_hash(*found, *hashes_);
    if (!hashed) return give_up(path, hashed.error());
    index_.models.push_back(*std::move(found));
  }

  void give_up(const fs::path& path, const Error& error) {
    index_.broken.push_back({path, error.message});
  }

  void hide(const fs::path& path, const fs::path& first) {
    index_.broken.push_back({path, fmt::format("{} has the name of {}, which comes first. Rename "
                                               "one of them.",
                                               path.string(), first.string())});
  }

  FileHashes* hashes_;
  std::map<std::pair<Kind, std::string>, fs::path> seen_;
  ModelIndex index_;
};

}  // namespace

ModelIndex scan_models(const std::vector<fs::path>& folders, const fs::path& cache_file) {
  FileHashes hashes = FileHashes::load(cache_file);
  Scanner scanner(&hashes);
  for (const fs::path& folder : folders) scanner.scan(folder);
  // Without a cache the next scan reads the files again; that is all.
  static_cast<void>(hashes.save(cache_file));
  return std::move(scanner).finish();
}

ModelIndex list_models(const std::vector<fs::path>& folders) {
  Scanner scanner(nullptr);
  for (const fs::path& folder : folders) scanner.scan(folder);
  return std::move(scanner).finish();
}

Result<FoundModel> find_model(const fs::path& path) {
  FoundModel found;
  found.path = path;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return fail(ErrorKind::NotFound, fmt::format("There is no file or folder {}.", path.string()));
  }
  found.layout = fs::is_regular_file(path, ignored) ? Layout::SingleFile : Layout::Folder;
  const std::string name = name_of(path, found.layout);
  if (!is_valid_utf8(name)) {
    return fail(ErrorKind::Invalid, "A model's name is not valid UTF-8. Rename it to use it.");
  }
  if (found.layout == Layout::Folder) {
    FURROW_TRY(ModelFolder folder, open_model_folder(path));
    found.traits = std::move(folder.traits);
    found.content = std::move(folder.content);
  } else if (is_weights_file(path)) {
    FURROW_TRY(ModelFile file, open_model_file(path));
    found.traits = std::move(file.traits);
  } else {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is a file, and none of weights. A model is a diffusers folder or a "
                            ".safetensors, .ckpt, .pt, .pth or .bin file.",
                            path.string()));
  }
  describe(found, name);
  return found;
}

Result<FoundModel> read_model(const fs::path& path) {
  FileHashes hashes;
  FURROW_TRY(FoundModel found, find_model(path));
  FURROW_TRY_VOID(add_hash(found, hashes));
  return found;
}

Result<Digest> content_hash(const FoundModel& model, FileHashes& hashes) {
  if (model.layout == Layout::SingleFile) return hashes.hash_of(model.path);
  std::string lines = "furrow-model/1\n";
  for (const fs::path& file : model.content) {
    FURROW_TRY(const Digest digest, hashes.hash_of(model.path / file));
    lines += fmt::format("{} {}\n", file.generic_string(), digest.hex());
  }
  return sha256(lines);
}

Result<std::optional<Digest>> lora_hash(const FoundModel& model, FileHashes& hashes) {
  if (model.traits.kind != Kind::Lora || model.path.extension() != ".safetensors")
    return std::optional<Digest>();
  FURROW_TRY(const Digest digest, hashes.tensors_hash_of(model.path));
  return std::optional(digest);
}

std::uint64_t bytes_on_disk(const FoundModel& model) {
  const auto bytes_of = [](const fs::path& file) -> std::uint64_t {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    return error ? 0 : size;
  };
  if (model.layout == Layout::SingleFile) return bytes_of(model.path);
  std::uint64_t bytes = 0;
  for (const fs::path& file : model.content) bytes += bytes_of(model.path / file);
  return bytes;
}

}  // namespace furrow::model
