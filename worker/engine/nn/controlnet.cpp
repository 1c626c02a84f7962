#include "worker/engine/nn/controlnet.h"

#include <cmath>
#include <cstddef>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

ConvShape pointwise(std::int64_t channels) {
  return {.in = channels, .out = channels, .kernel = 1, .stride = 1, .padding = 0};
}

// The channels of each skip, in the order in which the down blocks make them.
std::vector<std::int64_t> skip_channels(const UNetConfig& c) {
  std::vector<std::int64_t> channels = {c.levels.front().channels};
  for (const auto& level : c.levels) {
    const bool is_last = &level == &c.levels.back();
    channels.insert(channels.end(), static_cast<std::size_t>(level.layers), level.channels);
    if (!is_last) channels.push_back(level.channels);
  }
  return channels;
}

// For each of `count` residuals.
std::vector<double> factors(ControlStrength strength, bool is_pooled, std::size_t count) {
  std::vector<double> result(count, strength.scale);
  if (!strength.guess || is_pooled) return result;
  for (std::size_t i = 0; i < count; ++i) {
    // From 0.1 to 1 by equal ratios.
    const auto exponent =
        count == 1 ? -1 : -1 + static_cast<double>(i) / static_cast<double>(count - 1);
    result[i] *= std::pow(10.0, exponent);
  }
  return result;
}

}  // namespace

ControlEmbedding::ControlEmbedding(const weights::Scope& scope, const ControlNetConfig& c)
    : conv_in(scope / "conv_in", {.in = c.conditioning_channels,
                                  .out = c.conditioning_embedding_out_channels.front()}),
      conv_out(scope / "conv_out", {.in = c.conditioning_embedding_out_channels.back(),
                                    .out = c.unet.levels.front().channels}) {
  const auto& channels = c.conditioning_embedding_out_channels;
  for (std::size_t i = 0; i + 1 < channels.size(); ++i) {
    blocks.emplace_back(scope / "blocks" / (2 * i),
                        ConvShape{.in = channels[i], .out = channels[i]});
    blocks.emplace_back(scope / "blocks" / (2 * i + 1),
                        ConvShape{.in = channels[i], .out = channels[i + 1], .stride = 2});
  }
}

at::Tensor ControlEmbedding::forward(const at::Tensor& picture) const {
  auto x = at::silu(conv_in.forward(picture));
  for (const auto& block : blocks) x = at::silu(block.forward(x));
  return conv_out.forward(x);
}

ControlNet::ControlNet(const weights::Scope& scope, const ControlNetConfig& c)
    : config(c),
      conv_in(scope / "conv_in", {.in = c.unet.in_channels, .out = c.unet.levels.front().channels}),
      embedding(scope, c.unet),
      controlnet_cond_embedding(scope / "controlnet_cond_embedding", c),
      controlnet_mid_block(scope / "controlnet_mid_block",
                           pointwise(c.unet.levels.back().channels)) {
  for (std::size_t i = 0; i < c.unet.levels.size(); ++i) {
    down_blocks.emplace_back(scope / "down_blocks" / i, c.unet, i);
  }
  if (c.unet.mid_block != MidBlock::None) mid_block.emplace(scope / "mid_block", c.unet);
  for (const auto channels : skip_channels(c.unet)) {
    controlnet_down_blocks.emplace_back(
        scope / "controlnet_down_blocks" / controlnet_down_blocks.size(), pointwise(channels));
  }
}

at::Tensor ControlNet::embed(const at::Tensor& picture) const {
  TORCH_CHECK_VALUE(picture.dim() == 4 && picture.size(1) == config.conditioning_channels,
                    "the ControlNet takes pictures [B, ", config.conditioning_channels,
                    ", H, W], got ", picture.sizes());
  const auto dtype = conv_in.weight.dtype();
  const auto x = config.is_bgr ? picture.flip(1) : picture;
  return controlnet_cond_embedding.forward(
      x.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast));
}

ControlResiduals ControlNet::forward(const at::Tensor& sample, const at::Tensor& timesteps,
                                     const at::Tensor& encoder_hidden_states,
                                     const at::Tensor& embedded, ControlStrength strength,
                                     const AddedConditioning& added) const {
  TORCH_CHECK_VALUE(sample.dim() == 4 && sample.size(1) == config.unet.in_channels,
                    "the ControlNet takes [B, ", config.unet.in_channels, ", h, w], got ",
                    sample.sizes());
  TORCH_CHECK_VALUE(embedded.dim() == 4 && embedded.size(2) == sample.size(2) &&
                        embedded.size(3) == sample.size(3),
                    "the ControlNet's picture became ", embedded.sizes(), " for a sample of ",
                    sample.sizes(), ": it should have the size of the picture that is made");
  TORCH_CHECK_VALUE(
      added.control.down.empty() && added.adapter_features.empty() && added.image_prompts.empty(),
      "a ControlNet is not conditioned on what only a UNet is");
  const auto dtype = conv_in.weight.dtype();
  const UNetConditioning conditioning = {embedding.forward(timesteps, sample.size(0), added),
                                         {encoder_hidden_states.to(dtype), {}}};
  auto x = conv_in.forward(
      sample.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast));
  x = x + embedded;
  std::vector<at::Tensor> skips = {x};
  for (const auto& block : down_blocks) x = block.forward(x, conditioning, skips);
  if (mid_block) x = mid_block->forward(x, conditioning);

  const bool is_pooled = config.global_pool_conditions;
  const auto scales = factors(strength, is_pooled, skips.size() + 1);
  const auto finish = [&](const at::Tensor& residual, double factor) {
    const auto scaled = residual * factor;
    return is_pooled ? scaled.mean({2, 3}, /*keepdim=*/true) : scaled;
  };
  ControlResiduals residuals;
  for (std::size_t i = 0; i < skips.size(); ++i) {
    residuals.down.push_back(finish(controlnet_down_blocks[i].forward(skips[i]), scales[i]));
  }
  residuals.mid = finish(controlnet_mid_block.forward(x), scales.back());
  return residuals;
}

}  // namespace furrow::engine::nn
