#pragma once

#include <cstdint>

namespace furrow::engine::nn {

/// bfloat16 as it lies in memory: the upper half of a float's bits. An enum and not a struct, so
/// that compilers make vectors of it.
enum class Bfloat16 : std::uint16_t {};

/// The loops of group norm over a feature map that lies channels last: `rows` cells of `channels`
/// values each, row after row. They are compiled for several instruction sets, and the best one
/// that the machine has is taken when the program starts.

/// Adds what each channel differs from `shift` by to `sums`, and its square to `squares`; both have
/// `channels` entries, as `shift` does.
void add_channel_sums(const float* x, std::int64_t rows, std::int64_t channels, const float* shift,
                      float* sums, float* squares);
void add_channel_sums(const Bfloat16* x, std::int64_t rows, std::int64_t channels,
                      const float* shift, float* sums, float* squares);

/// y = x * scale + offset, each per channel. `y` may be `x`.
void scale_channels(const float* x, std::int64_t rows, std::int64_t channels, const float* scale,
                    const float* offset, float* y);
void scale_channels(const Bfloat16* x, std::int64_t rows, std::int64_t channels, const float* scale,
                    const float* offset, Bfloat16* y);

/// y = silu(x * scale + offset), silu(v) = v / (1 + exp(-v)), to 3 units in the last place of
/// float.
void scale_channels_silu(const float* x, std::int64_t rows, std::int64_t channels,
                         const float* scale, const float* offset, float* y);
void scale_channels_silu(const Bfloat16* x, std::int64_t rows, std::int64_t channels,
                         const float* scale, const float* offset, Bfloat16* y);

}  // namespace furrow::engine::nn
