#include "worker/engine/nn/t2i_adapter.h"

#include <cstddef>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

using Type = T2iAdapterConfig::Type;

ConvShape same_size(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  return {.in = in, .out = out, .kernel = kernel, .padding = (kernel - 1) / 2};
}

std::int64_t folded_channels(const T2iAdapterConfig& c) {
  return c.in_channels * c.downscale_factor * c.downscale_factor;
}

std::vector<AdapterLevelShape> full_levels(const T2iAdapterConfig& c) {
  std::vector<AdapterLevelShape> levels;
  for (std::size_t i = 0; i < c.channels.size(); ++i) {
    levels.push_back({.in = c.channels[i == 0 ? 0 : i - 1],
                      .out = c.channels[i],
                      .res_blocks = c.res_blocks,
                      .is_halved = i > 0});
  }
  return levels;
}

// SDXL's blocks are of three sizes, of which the adapter knows two.
std::vector<AdapterLevelShape> xl_levels(const T2iAdapterConfig& c) {
  std::vector<AdapterLevelShape> levels;
  for (std::size_t i = 0; i < c.channels.size(); ++i) {
    const bool widens = i == 1 || i == 2;
    levels.push_back({.in = c.channels[widens ? i - 1 : i],
                      .out = c.channels[i],
                      .res_blocks = c.res_blocks,
                      .is_halved = i == 2});
  }
  return levels;
}

std::vector<AdapterLevelShape> light_levels(const T2iAdapterConfig& c) {
  std::vector<AdapterLevelShape> levels;
  auto in = folded_channels(c);
  const auto add = [&](std::int64_t out) {
    levels.push_back({.in = in,
                      .out = out,
                      .res_blocks = c.res_blocks,
                      .is_halved = !levels.empty(),
                      .is_light = true});
    in = out;
  };
  for (const auto channels : c.channels) add(channels);
  add(c.channels.back());
  return levels;
}

std::vector<AdapterLevelShape> levels_of(const T2iAdapterConfig& c) {
  switch (c.type) {
    case Type::Full:
      return full_levels(c);
    case Type::FullXl:
      return xl_levels(c);
    case Type::Light:
      return light_levels(c);
  }
  return {};
}

}  // namespace

AdapterResnet::AdapterResnet(const weights::Scope& scope, std::int64_t channels,
                             std::int64_t second_kernel)
    : block1(scope / "block1", same_size(channels, channels, 3)),
      block2(scope / "block2", same_size(channels, channels, second_kernel)) {}

at::Tensor AdapterResnet::forward(const at::Tensor& x) const {
  return block2.forward(at::relu(block1.forward(x))).add_(x);
}

AdapterLevel::AdapterLevel(const weights::Scope& scope, const AdapterLevelShape& shape)
    : is_halved(shape.is_halved) {
  const auto inner = shape.is_light ? shape.out / 4 : shape.out;
  if (shape.is_light || shape.in != shape.out) {
    in_conv.emplace(scope / "in_conv", same_size(shape.in, inner, 1));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.res_blocks); ++i) {
    resnets.emplace_back(scope / "resnets" / i, inner, shape.is_light ? 3 : 1);
  }
  if (shape.is_light) out_conv.emplace(scope / "out_conv", same_size(inner, shape.out, 1));
}

at::Tensor AdapterLevel::forward(at::Tensor x) const {
  if (is_halved) x = at::avg_pool2d(x, {2, 2}, {2, 2}, {0, 0}, /*ceil_mode=*/true);
  if (in_conv) x = in_conv->forward(x);
  for (const auto& resnet : resnets) x = resnet.forward(x);
  return out_conv ? out_conv->forward(x) : x;
}

T2iAdapter::T2iAdapter(const weights::Scope& scope, const T2iAdapterConfig& c) : config(c) {
  const auto root = scope / "adapter";
  if (c.type != Type::Light) {
    conv_in.emplace(root / "conv_in", same_size(folded_channels(c), c.channels.front(), 3));
  }
  for (const auto& level : levels_of(c)) body.emplace_back(root / "body" / body.size(), level);
}

std::vector<at::Tensor> T2iAdapter::forward(const at::Tensor& picture) const {
  const auto factor = config.downscale_factor;
  TORCH_CHECK_VALUE(picture.dim() == 4 && picture.size(1) == config.in_channels &&
                        picture.size(2) % factor == 0 && picture.size(3) % factor == 0,
                    "the T2I-Adapter takes pictures [B, ", config.in_channels,
                    ", H, W] with sides that are multiples of ", factor, ", got ", picture.sizes());
  const auto dtype = body.front().resnets.front().block1.weight.dtype();
  auto x =
      at::pixel_unshuffle(picture.to(dtype), factor).contiguous(at::MemoryFormat::ChannelsLast);
  if (conv_in) x = conv_in->forward(x);
  std::vector<at::Tensor> features;
  for (const auto& level : body) {
    x = level.forward(x);
    features.push_back(x.to(picture.scalar_type()));
  }
  return features;
}

}  // namespace furrow::engine::nn
