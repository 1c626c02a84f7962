// AutoencoderKL and AutoencoderTiny: encode to the distribution's moments, decode, and the
// arithmetic between.

#include <optional>
#include <string>

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/nn/autoencoder_tiling.h"

namespace furrow::golden {

namespace {

namespace nn = engine::nn;

void check_moments(const Case& c, const nn::AutoencoderKl& vae, const at::Tensor& moments,
                   Verdict& verdict) {
  const auto halves = moments.chunk(2, 1);
  const auto& mean = halves[0];
  const auto logvar = halves[1].clamp(-30, 20);
  const auto std = at::exp(0.5 * logvar);
  const double scale = vae.config.scaling_factor;
  const double shift = vae.config.shift_factor;
  const auto scaled = (mean - shift) * scale;  // the mode of a normal distribution is its mean

  verdict.compare(c, "out.moments", moments);
  const auto compare_if_given = [&](const std::string& name, const at::Tensor& got) {
    if (c.has(name)) verdict.compare(c, name, got);
  };
  compare_if_given("out.mean", mean);
  compare_if_given("out.logvar", logvar);
  compare_if_given("out.std", std);
  compare_if_given("out.mode", mean);
  compare_if_given("out.scaled_latents", scaled);
  if (c.has("in.noise")) compare_if_given("out.sample", mean + std * c.tensor("in.noise"));
  if (c.has("out.decoded_scaled_latents")) {
    verdict.compare(c, "out.decoded_scaled_latents", vae.decode(scaled / scale + shift));
  }
}

std::optional<nn::AutoencoderTiling> tiling_of(const Case& c) {
  if (!c.config.contains("tile_sample_min_size")) return std::nullopt;
  return nn::AutoencoderTiling{.sample_size = c.config.at("tile_sample_min_size"),
                               .latent_size = c.config.at("tile_latent_min_size"),
                               .overlap = c.config.at("tile_overlap_factor")};
}

void check_tiny(const Case& c, Verdict& verdict) {
  const auto loaded = engine::load_autoencoder_tiny(c.model("vae"), at::kFloat, at::kCPU);
  if (!loaded) {
    verdict.expect(false, loaded.error().message);
    return;
  }
  const auto& vae = **loaded;
  const auto compare_if_given = [&](const std::string& name, const auto& compute) {
    if (c.has(name)) verdict.compare(c, name, compute());
  };
  const auto image = [&] { return c.tensor("in.image"); };
  const auto latents = [&] { return c.tensor("in.latents"); };
  compare_if_given("out.latents", [&] { return vae.encode(image()); });
  compare_if_given("out.decoded_encoded", [&] { return vae.decode(vae.encode(image())); });
  compare_if_given("out.decoded_latents", [&] { return vae.decode(latents()); });
  compare_if_given("out.scale_latents", [&] { return vae.scale_latents(latents()); });
  compare_if_given("out.unscale_latents",
                   [&] { return vae.unscale_latents(vae.scale_latents(latents())); });
}

}  // namespace

Verdict check_vae(const Case& c) {
  Verdict verdict;
  if (c.model_config("vae").value("_class_name", "") == "AutoencoderTiny") {
    check_tiny(c, verdict);
    return verdict;
  }
  const auto loaded = engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU);
  if (!loaded) {
    verdict.expect(false, loaded.error().message);
    return verdict;
  }
  const auto& vae = **loaded;
  const auto tiling = tiling_of(c);
  if (c.has("in.image")) {
    const auto image = c.tensor("in.image");
    check_moments(c, vae, tiling ? nn::encode_tiled(vae, image, *tiling) : vae.encode(image),
                  verdict);
  }
  if (c.has("in.latents")) {
    const auto latents = c.tensor("in.latents");
    verdict.compare(c, "out.decoded_latents",
                    tiling ? nn::decode_tiled(vae, latents, *tiling) : vae.decode(latents));
  }
  return verdict;
}

}  // namespace furrow::golden
