#include "worker/engine/nn/group_norm.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "worker/engine/nn/group_norm_kernels.h"

namespace furrow::engine::nn {

namespace {

// Cells that a thread takes at a time. Sums over so few are exact enough in float32; those of the
// slices are put together in float64.
constexpr std::int64_t kSliceRows = 256;

// A feature map that lies channels last.
struct FeatureMap {
  std::int64_t batch;
  std::int64_t channels;
  std::int64_t rows;  // cells of a picture

  std::int64_t slices() const { return (rows + kSliceRows - 1) / kSliceRows; }

  std::int64_t slice_rows(std::int64_t slice) const {
    return std::min(kSliceRows, rows - slice * kSliceRows);
  }
};

// y = x * scale + offset for each channel of each picture: [B, C] each.
struct Affine {
  std::vector<float> scale;
  std::vector<float> offset;
};

// What the slices of all pictures sum to: [B, slices, 2, C], differences from the picture's first
// cell and their squares, so that a large mean costs no digits.
template <typename T>
std::vector<float> sum_slices(const T* x, const FeatureMap& map, const std::vector<float>& shifts) {
  const auto channels = map.channels;
  std::vector<float> sums(static_cast<std::size_t>(map.batch * map.slices() * 2 * channels));
  at::parallel_for(0, map.batch * map.slices(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) {
      const auto picture = i / map.slices();
      const auto slice = i % map.slices();
      float* sum = sums.data() + i * 2 * channels;
      add_channel_sums(x + (picture * map.rows + slice * kSliceRows) * channels,
                       map.slice_rows(slice), channels, shifts.data() + picture * channels, sum,
                       sum + channels);
    }
  });
  return sums;
}

// The mean and the sum of squared differences from it.
struct Moments {
  double mean = 0;
  double squares = 0;
};

// Of one channel of one picture, over all slices.
Moments channel_moments(const FeatureMap& map, const std::vector<float>& shifts,
                        const std::vector<float>& sums, std::int64_t picture,
                        std::int64_t channel) {
  double sum = 0;
  double squares = 0;
  for (std::int64_t slice = 0; slice < map.slices(); ++slice) {
    const auto at = (picture * map.slices() + slice) * 2 * map.channels + channel;
    sum += sums[static_cast<std::size_t>(at)];
    squares += sums[static_cast<std::size_t>(at + map.channels)];
  }
  const auto rows = static_cast<double>(map.rows);
  const double shift = shifts[static_cast<std::size_t>(picture * map.channels + channel)];
  return {shift + sum / rows, squares - sum * sum / rows};
}

// Of a group, from those of its channels (Chan et al. 1983, with equal counts).
Moments merge(const std::vector<Moments>& channels, double rows) {
  Moments group;
  for (const auto& m : channels) group.mean += m.mean / static_cast<double>(channels.size());
  for (const auto& m : channels) {
    group.squares += m.squares + rows * (m.mean - group.mean) * (m.mean - group.mean);
  }
  return group;
}

Affine solve(const FeatureMap& map, const std::vector<float>& shifts,
             const std::vector<float>& sums, const float* weight, const float* bias,
             GroupNormShape shape) {
  const auto group_channels = map.channels / shape.groups;
  const auto rows = static_cast<double>(map.rows);
  Affine affine;
  affine.scale.resize(static_cast<std::size_t>(map.batch * map.channels));
  affine.offset.resize(affine.scale.size());
  std::vector<Moments> channels(static_cast<std::size_t>(group_channels));
  for (std::int64_t i = 0; i < map.batch * shape.groups; ++i) {
    const auto picture = i / shape.groups;
    const auto first = i % shape.groups * group_channels;
    for (std::int64_t c = 0; c < group_channels; ++c) {
      channels[static_cast<std::size_t>(c)] =
          channel_moments(map, shifts, sums, picture, first + c);
    }
    const auto group = merge(channels, rows);
    const double variance = group.squares / (rows * static_cast<double>(group_channels));
    const double inverse_deviation = 1 / std::sqrt(variance + shape.eps);
    for (auto c = first; c < first + group_channels; ++c) {
      const auto at = static_cast<std::size_t>(picture * map.channels + c);
      affine.scale[at] = static_cast<float>(weight[c] * inverse_deviation);
      affine.offset[at] = static_cast<float>(bias[c] - group.mean * weight[c] * inverse_deviation);
    }
  }
  return affine;
}

template <typename T>
void apply(const T* x, const FeatureMap& map, const Affine& affine, bool with_silu, T* y) {
  at::parallel_for(0, map.batch * map.slices(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) {
      const auto picture = i / map.slices();
      const auto slice = i % map.slices();
      const auto at = (picture * map.rows + slice * kSliceRows) * map.channels;
      const auto* scale = affine.scale.data() + picture * map.channels;
      const auto* offset = affine.offset.data() + picture * map.channels;
      if (with_silu) {
        scale_channels_silu(x + at, map.slice_rows(slice), map.channels, scale, offset, y + at);
      } else {
        scale_channels(x + at, map.slice_rows(slice), map.channels, scale, offset, y + at);
      }
    }
  });
}

template <typename T>
void run(const at::Tensor& x, const FeatureMap& map, const at::Tensor& weight,
         const at::Tensor& bias, GroupNormShape shape, bool with_silu, at::Tensor& y) {
  const auto* in = static_cast<const T*>(x.data_ptr());
  const auto first_cells = x.select(3, 0).select(2, 0).to(at::kFloat).contiguous();  // [B, C]
  const auto* first = first_cells.data_ptr<float>();
  const std::vector<float> shifts(first, first + first_cells.numel());
  const auto gain = weight.to(at::kFloat).contiguous();
  const auto base = bias.to(at::kFloat).contiguous();
  const auto affine = solve(map, shifts, sum_slices(in, map, shifts), gain.data_ptr<float>(),
                            base.data_ptr<float>(), shape);
  apply(in, map, affine, with_silu, static_cast<T*>(y.data_ptr()));
}

}  // namespace

at::Tensor group_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      GroupNormShape shape, Activation then) {
  const bool is_ours = x.is_cpu() && x.dim() == 4 && x.numel() > 0 &&
                       x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
                       (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
  if (!is_ours) {
    return activate(then, at::group_norm(x, shape.groups, weight, bias, shape.eps));
  }
  const FeatureMap map = {x.size(0), x.size(1), x.size(2) * x.size(3)};
  auto y = at::empty_like(x);
  const bool with_silu = then == Activation::Silu;
  if (x.scalar_type() == at::kFloat) {
    run<float>(x, map, weight, bias, shape, with_silu, y);
  } else {
    run<Bfloat16>(x, map, weight, bias, shape, with_silu, y);
  }
  return with_silu ? y : activate(then, y);
}

}  // namespace furrow::engine::nn
