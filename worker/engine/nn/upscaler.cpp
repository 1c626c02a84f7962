#include "worker/engine/nn/upscaler.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::nn {

namespace {

// Not in any file: the networks have them fixed.
constexpr double kResidualScale = 0.2;
constexpr double kRrdbSlope = 0.2;
constexpr double kSrvggSlope = 0.1;
constexpr std::size_t kConvsOfDenseBlock = 5;
constexpr std::size_t kDenseBlocksOfRrdb = 3;

at::Tensor leaky(at::Tensor x) {
  return at::leaky_relu_(x, kRrdbSlope);
}

at::Tensor enlarge(const at::Tensor& x, std::int64_t factor) {
  return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

// To a multiple of `side`, mirrored right and below; one pixel cannot be mirrored and is repeated.
at::Tensor pad_to_multiple(const at::Tensor& x, std::int64_t side) {
  const auto rows = (side - x.size(2) % side) % side;
  const auto columns = (side - x.size(3) % side) % side;
  if (rows == 0 && columns == 0) return x;
  const bool can_mirror = rows < x.size(2) && columns < x.size(3);
  return can_mirror ? at::reflection_pad2d(x, {0, columns, 0, rows})
                    : at::replication_pad2d(x, {0, columns, 0, rows});
}

at::Tensor channels_last(const at::Tensor& x, at::ScalarType dtype) {
  return x.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
}

std::variant<RrdbNet, SrvggNet> make_network(const weights::Scope& scope,
                                             const UpscalerConfig& config) {
  if (const auto* rrdb = std::get_if<RrdbNetConfig>(&config)) return RrdbNet(scope, *rrdb);
  return SrvggNet(scope, std::get<SrvggNetConfig>(config));
}

}  // namespace

DenseBlock::DenseBlock(const weights::Scope& scope, std::int64_t channels, std::int64_t growth) {
  for (std::size_t i = 0; i < kConvsOfDenseBlock; ++i) {
    const bool is_last = i + 1 == kConvsOfDenseBlock;
    convs.emplace_back(scope / fmt::format("conv{}", i + 1),
                       ConvShape{.in = channels + static_cast<std::int64_t>(i) * growth,
                                 .out = is_last ? channels : growth});
  }
}

at::Tensor DenseBlock::forward(const at::Tensor& x) const {
  std::vector<at::Tensor> seen = {x};
  for (std::size_t i = 0; i + 1 < convs.size(); ++i) {
    seen.push_back(leaky(convs[i].forward(at::cat(seen, 1))));
  }
  return convs.back().forward(at::cat(seen, 1)).mul_(kResidualScale).add_(x);
}

Rrdb::Rrdb(const weights::Scope& scope, std::int64_t channels, std::int64_t growth) {
  for (std::size_t i = 0; i < kDenseBlocksOfRrdb; ++i) {
    blocks.emplace_back(scope / fmt::format("rdb{}", i + 1), channels, growth);
  }
}

at::Tensor Rrdb::forward(const at::Tensor& x) const {
  auto h = x;
  for (const auto& block : blocks) h = block.forward(h);
  return h.mul_(kResidualScale).add_(x);
}

RrdbNet::RrdbNet(const weights::Scope& scope, const RrdbNetConfig& c)
    : config(c),
      conv_first(scope / "conv_first",
                 {.in = c.in_channels * c.unshuffle * c.unshuffle, .out = c.channels}),
      conv_body(scope / "conv_body", {.in = c.channels, .out = c.channels}),
      conv_hr(scope / "conv_hr", {.in = c.channels, .out = c.channels}),
      conv_last(scope / "conv_last", {.in = c.channels, .out = c.out_channels}) {
  const ConvShape same = {.in = c.channels, .out = c.channels};
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.blocks); ++i) {
    body.emplace_back(scope / "body" / i, c.channels, c.growth);
  }
  for (std::int64_t i = 0; i < c.doublings; ++i) {
    conv_up.emplace_back(scope / fmt::format("conv_up{}", i + 1), same);
  }
}

at::Tensor RrdbNet::forward(const at::Tensor& image) const {
  const auto dtype = conv_first.weight.dtype();
  auto x = pad_to_multiple(image.to(dtype), config.unshuffle);
  if (config.unshuffle > 1) x = at::pixel_unshuffle(x, config.unshuffle);
  x = conv_first.forward(channels_last(x, dtype));
  auto h = x;
  for (const auto& block : body) h = block.forward(h);
  x = conv_body.forward(h).add_(x);
  for (const auto& up : conv_up) x = leaky(up.forward(enlarge(x, 2)));
  x = conv_last.forward(leaky(conv_hr.forward(x)));
  // Without what the padding became.
  return x.narrow(2, 0, image.size(2) * config.scale())
      .narrow(3, 0, image.size(3) * config.scale())
      .to(image.scalar_type())
      .contiguous();
}

SrvggNet::SrvggNet(const weights::Scope& scope, const SrvggNetConfig& c) : config(c) {
  const auto out = c.in_channels * c.scale * c.scale;
  for (std::int64_t i = 0; i < c.layers + 2; ++i) {
    const bool is_last = i == c.layers + 1;
    const auto place = static_cast<std::size_t>(2 * i);
    convs.emplace_back(scope / "body" / place, ConvShape{.in = i == 0 ? c.in_channels : c.channels,
                                                         .out = is_last ? out : c.channels});
    if (!is_last && c.activation == SrvggNetConfig::Activation::Prelu) {
      slopes.push_back((scope / "body" / (place + 1)).required("weight", {c.channels}));
    }
  }
}

at::Tensor SrvggNet::forward(const at::Tensor& image) const {
  const auto picture = channels_last(image, convs.front().weight.dtype());
  auto x = picture;
  for (std::size_t i = 0; i + 1 < convs.size(); ++i) x = activate(convs[i].forward(x), i);
  x = at::pixel_shuffle(convs.back().forward(x), config.scale);
  return (x + enlarge(picture, config.scale)).to(image.scalar_type()).contiguous();
}

at::Tensor SrvggNet::activate(const at::Tensor& x, std::size_t layer) const {
  switch (config.activation) {
    case SrvggNetConfig::Activation::Prelu:
      return at::prelu(x, slopes[layer].get());
    case SrvggNetConfig::Activation::Relu:
      return at::relu(x);
    case SrvggNetConfig::Activation::LeakyRelu:
      return at::leaky_relu(x, kSrvggSlope);
  }
  return x;
}

Upscaler::Upscaler(const weights::Scope& scope, const UpscalerConfig& config)
    : network(make_network(scope, config)) {}

std::int64_t Upscaler::scale() const {
  if (const auto* rrdb = std::get_if<RrdbNet>(&network)) return rrdb->config.scale();
  return std::get<SrvggNet>(network).config.scale;
}

at::Tensor Upscaler::forward(const at::Tensor& image) const {
  const auto channels = std::visit([](const auto& net) { return net.config.in_channels; }, network);
  TORCH_CHECK_VALUE(image.dim() == 4 && image.size(1) == channels && image.numel() > 0,
                    "the upscaler takes [B, ", channels, ", H, W], got ", image.sizes());
  return std::visit([&](const auto& net) { return net.forward(image); }, network);
}

at::Tensor Upscaler::forward_tiled(const at::Tensor& image, UpscaleTiling tiling) const {
  TORCH_CHECK_VALUE(tiling.size >= 1 && tiling.padding >= 0, "tiles of ", tiling.size,
                    " pixels with ", tiling.padding, " around them are none");
  TORCH_CHECK_VALUE(image.dim() == 4, "the upscaler takes [B, C, H, W], got ", image.sizes());
  const auto height = image.size(2);
  const auto width = image.size(3);
  const auto factor = scale();
  auto result = at::empty({image.size(0), image.size(1), height * factor, width * factor},
                          image.options().memory_format(at::MemoryFormat::Contiguous));
  for (std::int64_t top = 0; top < height; top += tiling.size) {
    for (std::int64_t left = 0; left < width; left += tiling.size) {
      const auto bottom = std::min(top + tiling.size, height);
      const auto right = std::min(left + tiling.size, width);
      const auto first_row = std::max<std::int64_t>(top - tiling.padding, 0);
      const auto first_column = std::max<std::int64_t>(left - tiling.padding, 0);
      const auto end_row = std::min(bottom + tiling.padding, height);
      const auto end_column = std::min(right + tiling.padding, width);
      const auto tile =
          forward(image.slice(2, first_row, end_row).slice(3, first_column, end_column));
      const auto middle =
          tile.slice(2, (top - first_row) * factor, (bottom - first_row) * factor)
              .slice(3, (left - first_column) * factor, (right - first_column) * factor);
      result.slice(2, top * factor, bottom * factor)
          .slice(3, left * factor, right * factor)
          .copy_(middle);
    }
  }
  return result;
}

}  // namespace furrow::engine::nn
