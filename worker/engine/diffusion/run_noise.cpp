#include "worker/engine/diffusion/run_noise.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::diffusion {
namespace {

/// More is no size of a picture.
constexpr std::int64_t kMostResizePixels = 16384;

at::Tensor next_of(std::variant<NoiseSource, PhiloxSource>& source, at::IntArrayRef shape) {
  return std::visit([&](auto& one) { return one.normal(shape); }, source);
}

/// The latent shape of the size that "seed resize" names, or `shape` itself.
Result<std::vector<std::int64_t>> shape_before_resize(const v1::NoiseOptions& options,
                                                      std::vector<std::int64_t> shape,
                                                      std::int64_t factor) {
  const std::int64_t width = options.resize_width();
  const std::int64_t height = options.resize_height();
  if (width == 0 && height == 0) return shape;
  const auto is_usable = [&](std::int64_t side) {
    return side >= factor && side <= kMostResizePixels;
  };
  if (!is_usable(width) || !is_usable(height))
    return fail(ErrorKind::Invalid,
                fmt::format("seed resize {}x{}: both sides are expected, from {} "
                            "to {} pixels, or neither",
                            width, height, factor, kMostResizePixels));
  shape[2] = height / factor;
  shape[3] = width / factor;
  return shape;
}

/// Where a stretch of `inner` lies in one of `outer` when their middles meet.
struct Overlap {
  std::int64_t from;  // in inner
  std::int64_t to;    // in outer
  std::int64_t length;
};

Overlap overlap_of(std::int64_t outer, std::int64_t inner) {
  if (inner <= outer) return {0, (outer - inner) / 2, inner};
  const std::int64_t cut = (inner - outer + 1) / 2;  // from either side
  return {cut, 0, inner - 2 * cut};
}

}  // namespace

Result<RunNoise> RunNoise::open(std::uint64_t seed, const v1::NoiseOptions& options,
                                std::vector<std::int64_t> shape, at::Device device,
                                std::int64_t factor) {
  const double strength = options.variation_strength();
  if (!(strength >= 0 && strength <= 1))
    return fail(ErrorKind::Invalid,
                fmt::format("variation strength {}: it lies between 0 and 1", strength));
  FURROW_TRY(auto first_shape, shape_before_resize(options, shape, factor));
  Stream stream{NoiseSource(seed), std::move(shape), device};
  return RunNoise(seed, options, std::move(stream), std::move(first_shape));
}

RunNoise::RunNoise(std::uint64_t seed, const v1::NoiseOptions& options, Stream stream,
                   std::vector<std::int64_t> first_shape)
    : seed_(seed),
      options_(options),
      first_shape_(std::move(first_shape)),
      stream_(std::make_shared<Stream>(std::move(stream))) {
  stream_->source = source_of(seed);
}

RunNoise::Source RunNoise::source_of(std::uint64_t seed) const {
  if (options_.source() == v1::NOISE_SOURCE_PHILOX) return PhiloxSource(seed);
  return NoiseSource(seed);
}

at::Tensor RunNoise::first() {
  const at::Tensor own = next_of(stream_->source, stream_->shape);
  const bool is_resized = first_shape_ != stream_->shape;
  at::Tensor noise = own;
  if (is_resized) {
    Source source = source_of(seed_);
    noise = next_of(source, first_shape_);
  }
  if (options_.variation_strength() > 0) {
    Source source = source_of(options_.variation_seed());
    noise = slerp(noise, next_of(source, first_shape_), options_.variation_strength());
  }
  if (is_resized) noise = pasted_in_the_middle(own, noise);
  if (options_.seed_delta() != 0) stream_->source = source_of(seed_ + options_.seed_delta());
  return noise.to(stream_->device);
}

DrawNoise RunNoise::draw() const {
  return [stream = stream_] { return next_of(stream->source, stream->shape).to(stream->device); };
}

at::Tensor slerp(const at::Tensor& from, const at::Tensor& to, double strength) {
  constexpr double kAllButTheSame = 0.9995;
  constexpr double kNoArc = 1e-3;
  const auto direction = [](const at::Tensor& x) { return x / x.norm(2, {2}, true); };
  const at::Tensor cosine = (direction(from) * direction(to)).sum({2}, true);
  if (cosine.mean().item<double>() > kAllButTheSame) return from * strength + to * (1 - strength);
  const at::Tensor angle = cosine.clamp(-1, 1).acos();
  const at::Tensor sine = angle.sin();
  const at::Tensor along =
      from * (((1 - strength) * angle).sin() / sine) + to * ((strength * angle).sin() / sine);
  return at::where(sine > kNoArc, along, from * (1 - strength) + to * strength);
}

at::Tensor pasted_in_the_middle(const at::Tensor& around, const at::Tensor& inner) {
  const Overlap rows = overlap_of(around.size(2), inner.size(2));
  const Overlap columns = overlap_of(around.size(3), inner.size(3));
  at::Tensor pasted = around.clone();
  pasted.narrow(2, rows.to, rows.length)
      .narrow(3, columns.to, columns.length)
      .copy_(inner.narrow(2, rows.from, rows.length).narrow(3, columns.from, columns.length));
  return pasted;
}

}  // namespace furrow::engine::diffusion
