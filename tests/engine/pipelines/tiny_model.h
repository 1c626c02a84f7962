#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <ATen/ATen.h>

#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/pipelines/batcher.h"
#include "worker/engine/pipelines/begin.h"

namespace furrow::engine::pipelines {

/// A small random UNet of tests/golden with its VAE, in fp32: Stable Diffusion without the text
/// encoder.
class TinyModel {
 public:
  /// @param unet  "unet_sd_pipe", "unet_inpaint9", "unet_ip2p8"
  explicit TinyModel(const std::string& unet)
      : unet_(load_unet(folder(unet), at::kFloat, at::kCPU).value()),
        vae_(load_autoencoder(folder("vae_sd"), at::kFloat, at::kCPU).value()),
        denoiser_(*unet_),
        scheduler_(diffusion::parse_scheduler_config({{"_class_name", "EulerDiscreteScheduler"},
                                                      {"beta_schedule", "scaled_linear"},
                                                      {"beta_start", 0.00085},
                                                      {"beta_end", 0.012}})
                       .value()) {}

  static std::filesystem::path folder(const std::string& model) {
    return std::filesystem::path(FURROW_TEST_DATA "/golden/models") / model;
  }

  RunModel run_model() const { return {denoiser_, scheduler_, *vae_}; }

  const Denoiser& denoiser() const { return denoiser_; }

  const nn::AutoencoderKl& vae() const { return *vae_; }

  /// Random prompts of its width; the same for the same seed.
  Conditioning prompts(std::uint64_t seed, bool has_negative = true) const {
    diffusion::NoiseSource noise(seed);
    const std::int64_t width = unet_->config.levels.front().cross_attention_dim;
    Conditioning conditioning;
    conditioning.positives = {{noise.normal({1, 7, width})}};
    if (has_negative) conditioning.negative = noise.normal({1, 7, width});
    return conditioning;
  }

  Result<Denoising> begun(const v1::Recipe& recipe, const Pictures& pictures = {}) const {
    return begin(run_model(), recipe, prompts(recipe.seed()), pictures);
  }

 private:
  Loaded<nn::UNet> unet_;
  std::unique_ptr<nn::AutoencoderKl> vae_;
  UNetDenoiser denoiser_;
  diffusion::SchedulerConfig scheduler_;
};

/// A recipe for it: 32 x 48 pixels, 4 steps of Euler.
inline v1::Recipe a_tiny_recipe() {
  v1::Recipe recipe;
  recipe.set_seed(1);
  recipe.set_steps(4);
  recipe.set_guidance_scale(3);
  recipe.set_sampler("euler");
  recipe.set_schedule("normal");
  recipe.set_width(32);
  recipe.set_height(48);
  return recipe;
}

/// The same with a picture.
inline v1::Recipe a_tiny_recipe_with_picture(double strength) {
  v1::Recipe recipe = a_tiny_recipe();
  recipe.mutable_image_to_image()->set_denoising_strength(strength);
  return recipe;
}

/// The same with a mask.
inline v1::Recipe a_tiny_recipe_with_mask(double strength) {
  v1::Recipe recipe = a_tiny_recipe_with_picture(strength);
  recipe.mutable_image_to_image()->mutable_inpaint();
  return recipe;
}

/// A picture and a mask of their size, whose right half is made anew.
inline Pictures tiny_pictures() {
  diffusion::NoiseSource noise(5);
  Pictures pictures = {noise.normal({1, 3, 48, 32}).sigmoid(), at::zeros({1, 1, 48, 32})};
  pictures.mask.narrow(3, 16, 16).fill_(1);
  return pictures;
}

/// The latent that a cell ends with, alone.
inline at::Tensor latent_of(const Denoiser& denoiser, Denoising cell) {
  Batcher batcher;
  batcher.add(0, std::move(cell));
  while (!batcher.at(0).is_finished()) batcher.tick(denoiser);
  return batcher.at(0).sampler->latent();
}

}  // namespace furrow::engine::pipelines
