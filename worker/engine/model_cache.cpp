#include "worker/engine/model_cache.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "common/model/model_index.h"
#include "common/weights/tensor_file.h"
#include "worker/engine/model/networks.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;

std::string key_of(const fs::path& path, const std::string& hash) {
  return path.string() + '\n' + hash;
}

/// The same VAE is another one for a model that scales its latents otherwise.
std::string vae_key_of(const fs::path& path, const std::string& hash,
                       const nn::AutoencoderKl& own) {
  return fmt::format("{}\n{} {}", key_of(path, hash), own.config.scaling_factor,
                     own.config.shift_factor);
}

std::uint64_t elements_of(const fs::path& file) {
  const auto opened = weights::TensorFile::open(file);
  if (!opened) return 0;  // no weights; or damaged, which the loader reports
  std::uint64_t elements = 0;
  for (const auto& [name, tensor] : opened->tensors)
    elements += tensor.bytes.size() / weights::size_of(tensor.dtype);
  return elements;
}

/// How many numbers the weights of a model have that are loaded. Reads only headers.
std::uint64_t elements_of_model(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return elements_of(path);
  const auto found = model::find_model(path);
  std::uint64_t elements = 0;
  if (found)
    for (const fs::path& file : found->content) elements += elements_of(path / file);
  return elements;
}

}  // namespace

ModelCache::Entry* ModelCache::find(const std::string& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &entries_.front();
}

bool ModelCache::holds(const fs::path& path, const std::string& hash) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.key == key_of(path, hash); });
}

void ModelCache::make_room(std::uint64_t bytes) {
  std::uint64_t kept = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    kept += entry->bytes;
    entry = kept + bytes > most_bytes_ ? entries_.erase(entry) : std::next(entry);
  }
}

Result<std::shared_ptr<const LoadedModel>> ModelCache::model(const fs::path& path,
                                                             const std::string& hash) {
  const std::string key = key_of(path, hash);
  if (const Entry* entry = find(key); entry != nullptr) return entry->model;
  const std::uint64_t bytes = elements_of_model(path) * at::elementSize(device_.dtype);
  make_room(bytes);
  FURROW_TRY(auto parts, load_stable_diffusion(path, device_.dtype, device_.device));
  auto scheduler = diffusion::parse_scheduler_config(parts->scheduler_config);
  if (!scheduler)
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {}", path.string(), scheduler.error().message));
  scheduler->is_sdxl = parts->is_xl();
  auto preview = pipelines::LatentPreview::fit(*parts->vae);
  auto model = std::make_shared<const LoadedModel>(
      LoadedModel{std::move(parts), *std::move(scheduler), std::move(preview)});
  entries_.push_front({key, bytes, model, nullptr, nullptr});
  return model;
}

Result<std::shared_ptr<const nn::AutoencoderKl>> ModelCache::vae(const fs::path& path,
                                                                 const std::string& hash,
                                                                 const nn::AutoencoderKl& own) {
  const std::string key = vae_key_of(path, hash, own);
  if (const Entry* entry = find(key); entry != nullptr) return entry->vae;
  std::error_code ignored;
  const fs::path part = fs::is_directory(path / "vae", ignored) ? path / "vae" : path;
  const std::uint64_t bytes = elements_of_model(part) * at::elementSize(device_.dtype);
  make_room(bytes);
  FURROW_TRY(std::shared_ptr<const nn::AutoencoderKl> vae,
             fs::is_regular_file(part, ignored)
                 ? load_autoencoder_file(part, own, {device_.dtype, device_.device})
                 : load_autoencoder(part, device_.dtype, device_.device));
  entries_.push_front({key, bytes, nullptr, vae, nullptr});
  return vae;
}

Result<std::shared_ptr<const nn::Upscaler>> ModelCache::upscaler(const fs::path& path,
                                                                 const std::string& hash) {
  const std::string key = key_of(path, hash);
  if (const Entry* entry = find(key); entry != nullptr) return entry->upscaler;
  const std::uint64_t bytes = elements_of_model(path) * at::elementSize(device_.dtype);
  make_room(bytes);
  FURROW_TRY(std::shared_ptr<const nn::Upscaler> upscaler,
             load_upscaler(path, device_.dtype, device_.device));
  entries_.push_front({key, bytes, nullptr, nullptr, upscaler});
  return upscaler;
}

}  // namespace furrow::engine
