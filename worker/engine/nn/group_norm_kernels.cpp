#include "worker/engine/nn/group_norm_kernels.h"

#include <bit>

namespace furrow::engine::nn {

namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FURROW_FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FURROW_FOR_EACH_CPU
#endif
// What the clones are made of has to be part of each of them.
#define FURROW_INLINE [[gnu::always_inline]] inline

FURROW_INLINE float load(const float* x) {
  return *x;
}

FURROW_INLINE float load(const Bfloat16* x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(*x) << 16);
}

FURROW_INLINE void store(float value, float* y) {
  *y = value;
}

// To the nearest, of two equally near ones to the even one. Arithmetic gives quiet NaNs, whose mark
// is in the upper half: cut off they stay NaN, rounded up they might not.
FURROW_INLINE void store(float value, Bfloat16* y) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto is_number = static_cast<std::uint32_t>((bits & 0x7FFFFFFFU) <= 0x7F800000U);
  const auto rounded = bits + (0x7FFFU + ((bits >> 16) & 1U)) * is_number;
  *y = static_cast<Bfloat16>(rounded >> 16);
}

// exp(x) = 2^n exp(r), n whole and |r| <= ln(2) / 2, where a polynomial is exact to a float's last
// places (Cephes' expf has these coefficients). Without branches, so that loops of it are vectors.
FURROW_INLINE float fast_exp(float x) {
  constexpr float kLargest = 88.0F;
  constexpr float kSmallest = -87.0F;
  constexpr float kRoundToWhole = 12582912.0F;  // 1.5 * 2^23: its last place is 1
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  x = x > kLargest ? kLargest : x;
  x = x < kSmallest ? kSmallest : x;
  const float shifted = x * 1.44269504088896341F + kRoundToWhole;
  const float n = shifted - kRoundToWhole;
  const float r = x - n * kLn2High - n * kLn2Low;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  // The low bits of `shifted` are n; moved to where a float's exponent is they add to p's.
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) << 23;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + exponent);
}

template <typename T>
FURROW_INLINE void sum_rows(const T* x, std::int64_t rows, std::int64_t channels,
                            const float* __restrict shift, float* __restrict sums,
                            float* __restrict squares) {
  for (std::int64_t row = 0; row < rows; ++row, x += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float d = load(x + c) - shift[c];
      sums[c] += d;
      squares[c] += d * d;
    }
  }
}

// In three loops over a few values: a single one GCC 12 does not turn into vectors for bfloat16.
template <bool WithSilu, typename T>
FURROW_INLINE void scale_rows(const T* x, std::int64_t rows, std::int64_t channels,
                              const float* __restrict scale, const float* __restrict offset, T* y) {
  constexpr std::int64_t kAtATime = 64;
  float values[kAtATime];
  for (std::int64_t row = 0; row < rows; ++row, x += channels, y += channels) {
    for (std::int64_t first = 0; first < channels; first += kAtATime) {
      const auto count = channels - first < kAtATime ? channels - first : kAtATime;
      for (std::int64_t i = 0; i < count; ++i) {
        values[i] = load(x + first + i) * scale[first + i] + offset[first + i];
      }
      if constexpr (WithSilu) {
        for (std::int64_t i = 0; i < count; ++i) {
          values[i] = values[i] / (1.0F + fast_exp(-values[i]));
        }
      }
      for (std::int64_t i = 0; i < count; ++i) store(values[i], y + first + i);
    }
  }
}

}  // namespace

FURROW_FOR_EACH_CPU
void add_channel_sums(const float* x, std::int64_t rows, std::int64_t channels, const float* shift,
                      float* sums, float* squares) {
  sum_rows(x, rows, channels, shift, sums, squares);
}

FURROW_FOR_EACH_CPU
void add_channel_sums(const Bfloat16* x, std::int64_t rows, std::int64_t channels,
                      const float* shift, float* sums, float* squares) {
  sum_rows(x, rows, channels, shift, sums, squares);
}

FURROW_FOR_EACH_CPU
void scale_channels(const float* x, std::int64_t rows, std::int64_t channels, const float* scale,
                    const float* offset, float* y) {
  scale_rows<false>(x, rows, channels, scale, offset, y);
}

FURROW_FOR_EACH_CPU
void scale_channels(const Bfloat16* x, std::int64_t rows, std::int64_t channels, const float* scale,
                    const float* offset, Bfloat16* y) {
  scale_rows<false>(x, rows, channels, scale, offset, y);
}

FURROW_FOR_EACH_CPU
void scale_channels_silu(const float* x, std::int64_t rows, std::int64_t channels,
                         const float* scale, const float* offset, float* y) {
  scale_rows<true>(x, rows, channels, scale, offset, y);
}

FURROW_FOR_EACH_CPU
void scale_channels_silu(const Bfloat16* x, std::int64_t rows, std::int64_t channels,
                         const float* scale, const float* offset, Bfloat16* y) {
  scale_rows<true>(x, rows, channels, scale, offset, y);
}

}  // namespace furrow::engine::nn
