#include "worker/engine/nn/autoencoder_blocks.h"

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

// Not in the config: AutoencoderKL has it fixed.
constexpr double kNormEps = 1e-6;

ResnetShape resnet_shape(const AutoencoderConfig& config, std::int64_t in, std::int64_t out) {
  return {.in = in,
          .out = out,
          .groups = config.norm_num_groups,
          .eps = kNormEps,
          .activation = config.activation};
}

}  // namespace

SpatialAttention::SpatialAttention(const weights::Scope& scope, std::int64_t channels,
                                   std::int64_t groups)
    : group_norm(scope / "group_norm", channels, groups, kNormEps),
      to_q(scope / "to_q", channels, channels),
      to_k(scope / "to_k", channels, channels),
      to_v(scope / "to_v", channels, channels),
      to_out(scope / "to_out" / 0, channels, channels) {}

at::Tensor SpatialAttention::forward(const at::Tensor& x) const {
  const auto batch = x.size(0);
  const auto channels = x.size(1);
  const auto tokens =
      group_norm.forward(x).permute({0, 2, 3, 1}).reshape({batch, -1, channels});  // [B, h w, C]
  const auto seen =
      attention(to_q.forward(tokens), to_k.forward(tokens), to_v.forward(tokens), /*heads=*/1);
  return to_out.forward(seen)
      .view({batch, x.size(2), x.size(3), channels})
      .permute({0, 3, 1, 2})
      .add_(x);
}

AutoencoderMidBlock::AutoencoderMidBlock(const weights::Scope& scope,
                                         const AutoencoderConfig& config) {
  const auto channels = config.block_out_channels.back();
  resnets.emplace_back(scope / "resnets" / 0, resnet_shape(config, channels, channels));
  if (config.mid_block_add_attention) {
    attentions.emplace_back(scope / "attentions" / 0, channels, config.norm_num_groups);
  }
  resnets.emplace_back(scope / "resnets" / 1, resnet_shape(config, channels, channels));
}

at::Tensor AutoencoderMidBlock::forward(at::Tensor x) const {
  x = resnets[0].forward(x, {});
  for (const auto& attention_block : attentions) x = attention_block.forward(x);
  return resnets[1].forward(x, {});
}

EncoderBlock::EncoderBlock(const weights::Scope& scope, const AutoencoderConfig& config,
                           std::size_t level) {
  const auto channels = config.block_out_channels[level];
  const auto in = config.block_out_channels[level == 0 ? 0 : level - 1];
  for (std::size_t i = 0; i < static_cast<std::size_t>(config.layers_per_block); ++i) {
    resnets.emplace_back(scope / "resnets" / i,
                         resnet_shape(config, i == 0 ? in : channels, channels));
  }
  if (level + 1 < config.block_out_channels.size()) {
    downsamplers.emplace(scope / "downsamplers" / 0, channels, /*padding=*/0);
  }
}

at::Tensor EncoderBlock::forward(at::Tensor x) const {
  for (const auto& resnet : resnets) x = resnet.forward(x, {});
  return downsamplers ? downsamplers->forward(x) : x;
}

DecoderBlock::DecoderBlock(const weights::Scope& scope, const AutoencoderConfig& config,
                           std::size_t level) {
  const auto channels = config.block_out_channels[level];
  const auto last = config.block_out_channels.size() - 1;
  const auto in = config.block_out_channels[level == last ? last : level + 1];
  for (std::size_t i = 0; i <= static_cast<std::size_t>(config.layers_per_block); ++i) {
    resnets.emplace_back(scope / "resnets" / i,
                         resnet_shape(config, i == 0 ? in : channels, channels));
  }
  if (level > 0) upsamplers.emplace(scope / "upsamplers" / 0, channels);
}

at::Tensor DecoderBlock::forward(at::Tensor x) const {
  for (const auto& resnet : resnets) x = resnet.forward(x, {});
  return upsamplers ? upsamplers->forward(x, 2 * x.size(2), 2 * x.size(3)) : x;
}

Encoder::Encoder(const weights::Scope& scope, const AutoencoderConfig& config)
    : conv_in(scope / "conv_in",
              {.in = config.in_channels, .out = config.block_out_channels.front()}),
      mid_block(scope / "mid_block", config),
      conv_norm_out(scope / "conv_norm_out", config.block_out_channels.back(),
                    config.norm_num_groups, kNormEps),
      conv_out(scope / "conv_out",
               {.in = config.block_out_channels.back(), .out = 2 * config.latent_channels}) {
  for (std::size_t level = 0; level < config.block_out_channels.size(); ++level) {
    down_blocks.emplace_back(scope / "down_blocks" / level, config, level);
  }
}

at::Tensor Encoder::forward(const at::Tensor& image) const {
  auto x = conv_in.forward(image);
  for (const auto& block : down_blocks) x = block.forward(x);
  x = mid_block.forward(x);
  return conv_out.forward(conv_norm_out.forward(x, Activation::Silu));
}

Decoder::Decoder(const weights::Scope& scope, const AutoencoderConfig& config)
    : conv_in(scope / "conv_in",
              {.in = config.latent_channels, .out = config.block_out_channels.back()}),
      mid_block(scope / "mid_block", config),
      conv_norm_out(scope / "conv_norm_out", config.block_out_channels.front(),
                    config.norm_num_groups, kNormEps),
      conv_out(scope / "conv_out",
               {.in = config.block_out_channels.front(), .out = config.out_channels}) {
  const auto count = config.block_out_channels.size();
  for (std::size_t i = 0; i < count; ++i) {
    up_blocks.emplace_back(scope / "up_blocks" / i, config, count - 1 - i);
  }
}

at::Tensor Decoder::forward(const at::Tensor& latents) const {
  auto x = mid_block.forward(conv_in.forward(latents));
  for (const auto& block : up_blocks) x = block.forward(x);
  return conv_out.forward(conv_norm_out.forward(x, Activation::Silu));
}

}  // namespace furrow::engine::nn
