#include "worker/engine/model_cache.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/weights/tensor_file.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;

std::string key_of(const fs::path& folder, const std::string& hash) {
  return folder.string() + '\n' + hash;
}

}  // namespace

ModelCache::Entry* ModelCache::find(const std::string& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &entries_.front();
}

bool ModelCache::holds(const fs::path& folder, const std::string& hash) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.key == key_of(folder, hash); });
}

/// What the weights of a file, or below a folder, take in the device's precision. Reads only
/// headers.
std::uint64_t ModelCache::bytes_of(const fs::path& path) const {
  std::uint64_t elements = 0;
  const auto add = [&](const fs::path& file) {
    const auto opened = weights::TensorFile::open(file);
    if (!opened) return;  // reported by the loader
    for (const auto& [name, tensor] : opened->tensors)
      elements += tensor.bytes.size() / weights::size_of(tensor.dtype);
  };
  std::error_code ignored;  // a folder that cannot be listed is reported by the loader
  if (fs::is_regular_file(path, ignored)) add(path);
  for (const auto& file : fs::recursive_directory_iterator(path, ignored))
    if (file.path().extension() == ".safetensors") add(file.path());
  return elements * at::elementSize(device_.dtype);
}

void ModelCache::make_room(std::uint64_t bytes) {
  std::uint64_t kept = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    kept += entry->bytes;
    entry = kept + bytes > most_bytes_ ? entries_.erase(entry) : std::next(entry);
  }
}

Result<std::shared_ptr<const LoadedModel>> ModelCache::model(const fs::path& folder,
                                                             const std::string& hash) {
  const std::string key = key_of(folder, hash);
  if (const Entry* entry = find(key); entry != nullptr && entry->model) return entry->model;
  const std::uint64_t bytes = bytes_of(folder);
  make_room(bytes);
  FURROW_TRY(auto parts, load_stable_diffusion(folder, device_.dtype, device_.device));
  auto scheduler = diffusion::parse_scheduler_config(parts->scheduler_config);
  if (!scheduler)
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {}", folder.string(), scheduler.error().message));
  auto preview = pipelines::LatentPreview::fit(*parts->vae);
  auto model = std::make_shared<const LoadedModel>(
      LoadedModel{std::move(parts), *std::move(scheduler), std::move(preview)});
  entries_.push_front({key, bytes, model, nullptr});
  return model;
}

Result<std::shared_ptr<const nn::AutoencoderKl>> ModelCache::vae(const fs::path& folder,
                                                                 const std::string& hash) {
  const std::string key = key_of(folder, hash);
  if (const Entry* entry = find(key)) {
    if (entry->vae) return entry->vae;
    return std::shared_ptr<const nn::AutoencoderKl>(entry->model, entry->model->parts->vae.get());
  }
  const fs::path part = fs::is_directory(folder / "vae") ? folder / "vae" : folder;
  const std::uint64_t bytes = bytes_of(part);
  make_room(bytes);
  FURROW_TRY(auto loaded, load_autoencoder(part, device_.dtype, device_.device));
  std::shared_ptr<const nn::AutoencoderKl> vae = std::move(loaded);
  entries_.push_front({key, bytes, nullptr, vae});
  return vae;
}

}  // namespace furrow::engine
