#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "worker/engine/device.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/nn/upscaler.h"
#include "worker/engine/pipelines/latent_preview.h"

namespace furrow::engine {

/// A model in memory, ready to render. Immutable.
struct LoadedModel {
  std::unique_ptr<StableDiffusion> parts;
  diffusion::SchedulerConfig scheduler;
  pipelines::LatentPreview preview;

  bool zeros_for_empty_negative() const {
    return parts->is_xl() && parts->force_zeros_for_empty_prompt;
  }
};

/// The models and VAEs that were used last, as many as fit. Who holds a pointer keeps its model in
/// memory even after it has left. Owned by the device thread.
class ModelCache {
 public:
  /// @param most_bytes  bound on the weights kept, beside the ones used last
  ModelCache(const Device& device, std::uint64_t most_bytes)
      : device_(device), most_bytes_(most_bytes) {}

  /// @param path  a diffusers model folder, or a whole checkpoint in one file
  /// @param hash  of its content: a model that was replaced is loaded anew
  /// Errors: as load_stable_diffusion; Invalid also for a scheduler config that cannot be used.
  Result<std::shared_ptr<const LoadedModel>> model(const std::filesystem::path& path,
                                                   const std::string& hash);

  /// @param path  a VAE's folder or file, or a model's folder or file whose VAE is meant
  /// @param own   the VAE that it takes the place of: a file does not tell how latents are scaled
  /// Errors: as load_autoencoder.
  Result<std::shared_ptr<const nn::AutoencoderKl>> vae(const std::filesystem::path& path,
                                                       const std::string& hash,
                                                       const nn::AutoencoderKl& own);

  /// @param path  a file or folder, as load_upscaler takes it
  /// Errors: as load_upscaler.
  Result<std::shared_ptr<const nn::Upscaler>> upscaler(const std::filesystem::path& path,
                                                       const std::string& hash);

  /// Whether the next call of model() for this returns at once.
  bool holds(const std::filesystem::path& path, const std::string& hash) const;

 private:
  /// One model, one VAE or one upscaler.
  struct Entry {
    std::string key;
    std::uint64_t bytes = 0;
    std::shared_ptr<const LoadedModel> model;
    std::shared_ptr<const nn::AutoencoderKl> vae;
    std::shared_ptr<const nn::Upscaler> upscaler;
  };

  Entry* find(const std::string& key);
  void make_room(std::uint64_t bytes);

  const Device device_;
  const std::uint64_t most_bytes_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace furrow::engine
