#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/philox.h"

namespace furrow::engine::diffusion {

/// All noise of one picture's run, as A1111 makes it from a recipe's seed and NoiseOptions: the
/// first latent's, and then what the steps of its sampler ask for. The first is
///
///  - drawn from the seed, by torch's CPU generator or as an NVIDIA device would (`source`);
///  - turned towards the variation seed's by `variation_strength`, along the great circle between
///  the
///    two, each column of a channel by itself;
///  - with `resize_width` and `resize_height` that of a picture of this size, in the middle of the
///    seed's own: the composition stays although the size is another.
///
/// With `seed_delta` the steps' noise comes from a generator of its own, seeded with the sum.
/// Not shared between threads.
class RunNoise {
 public:
  /// @param shape   [1, C, h, w] of the latent
  /// @param device  where the noise is wanted; it is always made on the CPU
  /// @param factor  how many pixels of the picture a latent cell is wide
  /// Errors: Invalid, when the strength is not within 0 … 1, or when the other size is only half
  /// given, smaller than a latent cell or larger than any picture.
  static Result<RunNoise> open(std::uint64_t seed, const v1::NoiseOptions& options,
                               std::vector<std::int64_t> shape, at::Device device,
                               std::int64_t factor);

  /// The first noise, unit normal [1, C, h, w] float32. Requires: asked once, before draw() is used
  /// for the steps. (What is drawn before it comes from the same generator, before its numbers.)
  at::Tensor first();

  /// The next noise of the steps, likewise. Shares its generator with this object, and may outlive
  /// it.
  DrawNoise draw() const;

 private:
  using Source = std::variant<NoiseSource, PhiloxSource>;

  /// What draws: one for all copies.
  struct Stream {
    Source source;
    std::vector<std::int64_t> shape;
    at::Device device;
  };

  RunNoise(std::uint64_t seed, const v1::NoiseOptions& options, Stream stream,
           std::vector<std::int64_t> first_shape);

  Source source_of(std::uint64_t seed) const;

  std::uint64_t seed_;
  v1::NoiseOptions options_;
  std::vector<std::int64_t> first_shape_;  // of the size whose noise it is
  std::shared_ptr<Stream> stream_;
};

/// The point `strength` of the way from `from` to `to`, both [1, C, h, w], along great circles:
/// Shoemake 1985 (doi:10.1145/325334.325242), for each column of each channel. Straight between
/// columns that point the same or the opposite way, which no great circle joins. As in A1111,
/// tensors that are all but the same are mixed straight, and the other way round.
at::Tensor slerp(const at::Tensor& from, const at::Tensor& to, double strength);

/// `around` with the middle of `inner` in its middle, as far as it fits. Both [1, C, h, w] of any
/// two sizes.
at::Tensor pasted_in_the_middle(const at::Tensor& around, const at::Tensor& inner);

}  // namespace furrow::engine::diffusion
