// Runs that begin with pictures: image to image, inpainting, InstructPix2Pix, the refiner of SDXL.

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/pipelines/image_to_image.h"
#include "worker/engine/pipelines/inpainting.h"
#include "worker/engine/pipelines/instruct_pix2pix.h"
#include "worker/engine/pipelines/refining.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;

// What the calls of SDXL say of sizes.
const std::vector<std::string_view> kSizeArguments = {
    "original_size",          "crops_coords_top_left",          "target_size",
    "negative_original_size", "negative_crops_coords_top_left", "negative_target_size",
    "aesthetic_score",        "negative_aesthetic_score"};

std::vector<std::string_view> with_sizes(std::vector<std::string_view> arguments) {
  arguments.insert(arguments.end(), kSizeArguments.begin(), kSizeArguments.end());
  return arguments;
}

// The networks of a case, and what it starts from.
struct PictureRun {
  const Case& c;
  engine::Loaded<engine::nn::UNet> unet =
      or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  std::unique_ptr<engine::nn::AutoencoderKl> vae =
      or_throw(engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU));
  at::Tensor image = c.tensor("in.image");  // [B, 3, H, W], or latents

  bool is_xl() const { return unet->config.text_time.has_value(); }

  bool begins_with_latents() const { return in_call(c, "denoising_start", 0.0) > 0; }

  pipelines::PixelPair size() const {
    const auto factor = begins_with_latents() ? vae->config.spatial_factor() : 1;
    return {static_cast<double>(image.size(2) * factor),
            static_cast<double>(image.size(3) * factor)};
  }

  /// @param arguments  of the call, beside those of every pipeline
  Verdict check(double default_guidance, const std::vector<std::string_view>& arguments,
                const decltype(PipelineInputs::begin)& begin) const {
    if (const auto missing = unsupported_in_call(c, arguments)) return Verdict::skip(*missing);
    auto inputs = prompt_inputs(c, default_guidance);
    if (is_xl()) add_sdxl_inputs(c, inputs, size());
    inputs.begin = [&](pipelines::Denoising& cell, std::int64_t picture) {
      begin(cell, picture);
      const double end = in_call(c, "denoising_end", 1.0);
      if (end < 1) or_throw(pipelines::end_after(cell, end));
    };
    return run_unet(c, *unet, *vae, std::move(inputs));
  }
};

}  // namespace

Verdict check_image_to_image_run(const Case& c) {
  const PictureRun run{c};
  const double strength = in_call(c, "strength", run.is_xl() ? 0.3 : 0.8);
  const double start = in_call(c, "denoising_start", 0.0);
  return run.check(
      run.is_xl() ? 5.0 : 7.5, with_sizes({"strength", "denoising_start", "denoising_end"}),
      [&](pipelines::Denoising& cell, std::int64_t picture) {
        const at::Tensor image = row_of(run.image, picture);
        or_throw(run.begins_with_latents()
                     ? pipelines::begin_refining(cell, image, start)
                     : pipelines::begin_image_to_image(cell, *run.vae, image, strength));
      });
}

Verdict check_inpainting_run(const Case& c) {
  const PictureRun run{c};
  const auto network = or_throw(
      pipelines::seen_beside(run.unet->config.in_channels, run.vae->config.latent_channels));
  const double strength = in_call(c, "strength", run.is_xl() ? 0.9999 : 1.0);
  const at::Tensor mask = c.tensor("in.mask");
  return run.check(7.5, with_sizes({"strength", "denoising_end"}),
                   [&](pipelines::Denoising& cell, std::int64_t picture) {
                     or_throw(pipelines::begin_inpainting(
                         cell, *run.vae, network,
                         {.picture = row_of(run.image, picture), .mask = row_of(mask, picture)},
                         {.strength = strength}));
                   });
}

Verdict check_instructed_run(const Case& c) {
  const PictureRun run{c};
  const double guidance = in_call(c, "image_guidance_scale", 1.5);
  const at::Tensor latents = c.tensor("in.latents");
  return run.check(7.5, {"image_guidance_scale"},
                   [&](pipelines::Denoising& cell, std::int64_t picture) {
                     const auto later = cell.draw;
                     cell.draw = [&] { return row_of(latents, picture); };
                     or_throw(pipelines::begin_instructed(
                         cell, *run.vae, row_of(run.image, picture), {.image_guidance = guidance}));
                     cell.draw = later;
                   });
}

}  // namespace furrow::golden
