#include "worker/engine/pipelines/latent_preview.h"

#include <ATen/ATen.h>

#include "worker/engine/diffusion/noise.h"
#include "worker/engine/pipelines/decode.h"

namespace furrow::engine::pipelines {

namespace {

constexpr std::int64_t kChartSide = 128;  // pixels
constexpr std::int64_t kFieldsASide = 8;  // fields of one colour each
constexpr std::uint64_t kChartSeed = 1;
constexpr double kRidge = 1e-4;  // keeps the solution small where channels say the same

/// Fields of random colours, [1, 3, kChartSide, kChartSide] in [0, 1].
at::Tensor colour_chart() {
  const diffusion::NoiseSource source(kChartSeed);
  const at::Tensor fields =
      at::rand({1, 3, kFieldsASide, kFieldsASide}, source.generator(), at::kFloat);
  const std::int64_t field_side = kChartSide / kFieldsASide;
  return fields.repeat_interleave(field_side, 2).repeat_interleave(field_side, 3);
}

/// [1, C, h, w] to one row a cell, [h · w, C + 1], with a constant behind the channels.
at::Tensor cells_of(const at::Tensor& latent) {
  const at::Tensor cells = latent.squeeze(0).flatten(1).t();
  return at::cat({cells, at::ones({cells.size(0), 1}, cells.options())}, 1);
}

}  // namespace

LatentPreview LatentPreview::fit(const nn::AutoencoderKl& vae) {
  const at::Tensor chart = colour_chart();
  const at::Device device = vae.encoder.conv_in.weight.get().device();
  const at::Tensor moments = vae.encode((chart * 2 - 1).to(device)).to(at::kCPU, at::kFloat);
  const at::Tensor mean = moments.narrow(1, 0, vae.config.latent_channels);
  const at::Tensor latent = (mean - vae.config.shift_factor) * vae.config.scaling_factor;
  const at::Tensor small = at::adaptive_avg_pool2d(chart, {latent.size(2), latent.size(3)});

  const at::Tensor a = cells_of(latent).to(at::kDouble);
  const at::Tensor rgb = small.squeeze(0).flatten(1).t().to(at::kDouble);
  const at::Tensor normal = a.t().mm(a) + at::eye(a.size(1), a.options()) * kRidge;
  return LatentPreview(at::linalg_solve(normal, a.t().mm(rgb)).to(at::kFloat));
}

image::Image LatentPreview::draw(const at::Tensor& latent) const {
  const at::Tensor rgb = cells_of(latent.to(at::kCPU)).mm(map_).clamp(0, 1);
  const at::Tensor picture = rgb.t().reshape({1, 3, latent.size(2), latent.size(3)});
  return to_images(picture).front();
}

}  // namespace furrow::engine::pipelines
