// AutoencoderKL: encode to the distribution's moments, decode, and the arithmetic between.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::golden {

namespace {

void check_encode(const Case& c, const engine::nn::AutoencoderKl& vae, Verdict& verdict) {
  const auto moments = vae.encode(c.tensor("in.image"));
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

}  // namespace

Verdict check_vae(const Case& c) {
  const auto unsupported = engine::nn::AutoencoderConfig::unsupported(c.model_config("vae"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  if (c.config.contains("tile_sample_min_size")) return Verdict::skip("tiles");
  Verdict verdict;
  const auto vae = engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU);
  if (!vae) {
    verdict.expect(false, vae.error().message);
    return verdict;
  }
  if (c.has("in.image")) check_encode(c, **vae, verdict);
  if (c.has("in.latents")) {
    verdict.compare(c, "out.decoded_latents", (*vae)->decode(c.tensor("in.latents")));
  }
  return verdict;
}

}  // namespace furrow::golden
