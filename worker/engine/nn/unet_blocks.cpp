#include "worker/engine/nn/unet_blocks.h"

#include <utility>

#include <ATen/ATen.h>

#include "common/base/check.h"

namespace furrow::engine::nn {

namespace {

ResnetShape resnet_shape(const UNetConfig& config, std::int64_t in, std::int64_t out) {
  return {.in = in,
          .out = out,
          .time_dim = config.time_embedding_dim,
          .groups = config.norm_num_groups,
          .eps = config.norm_eps,
          .activation = config.activation};
}

TransformerShape transformer_shape(const UNetConfig& config, const UNetLevel& level,
                                   std::int64_t layers) {
  return {.channels = level.channels,
          .heads = level.heads,
          .layers = layers,
          .context_width = level.cross_attention_dim,
          .only_cross_attention = level.only_cross_attention,
          .groups = config.norm_num_groups};
}

at::Tensor take_last(std::vector<at::Tensor>& skips) {
  FURROW_CHECK(!skips.empty(), "every resnet of an up block has its skip");
  auto last = std::move(skips.back());
  skips.pop_back();
  return last;
}

}  // namespace

UNetDownBlock::UNetDownBlock(const weights::Scope& scope, const UNetConfig& config,
                             std::size_t index) {
  const auto& level = config.levels[index];
  const auto in = config.levels[index == 0 ? 0 : index - 1].channels;
  for (std::size_t i = 0; i < static_cast<std::size_t>(level.layers); ++i) {
    resnets.emplace_back(scope / "resnets" / i,
                         resnet_shape(config, i == 0 ? in : level.channels, level.channels));
    if (level.down_has_attention) {
      attentions.emplace_back(scope / "attentions" / i,
                              transformer_shape(config, level, level.down_transformers[i]));
    }
  }
  if (index + 1 < config.levels.size()) {
    downsamplers.emplace(scope / "downsamplers" / 0, level.channels, config.downsample_padding);
  }
}

at::Tensor UNetDownBlock::forward(at::Tensor x, const UNetConditioning& conditioning,
                                  std::vector<at::Tensor>& skips, const at::Tensor& feature) const {
  const bool has_attention = !attentions.empty();
  for (std::size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i].forward(x, conditioning.time);
    if (has_attention) x = attentions[i].forward(x, conditioning.attended);
    if (has_attention && feature.defined() && i + 1 == resnets.size()) x = x + feature;
    skips.push_back(x);
  }
  if (downsamplers) {
    x = downsamplers->forward(x);
    skips.push_back(x);
  }
  if (!has_attention && feature.defined()) {
    x = x + feature;
    skips.back() = x;
  }
  return x;
}

UNetMidBlock::UNetMidBlock(const weights::Scope& scope, const UNetConfig& config) {
  const auto& level = config.levels.back();
  auto shape = resnet_shape(config, level.channels, level.channels);
  shape.output_scale = config.mid_block_scale_factor;
  resnets.emplace_back(scope / "resnets" / 0, shape);
  if (config.mid_block != MidBlock::CrossAttention) return;
  auto transformer = transformer_shape(config, level, config.mid_transformers);
  transformer.only_cross_attention = false;
  attentions.emplace_back(scope / "attentions" / 0, transformer);
  resnets.emplace_back(scope / "resnets" / 1, shape);
}

at::Tensor UNetMidBlock::forward(at::Tensor x, const UNetConditioning& conditioning) const {
  x = resnets[0].forward(x, conditioning.time);
  if (attentions.empty()) return x;
  x = attentions[0].forward(x, conditioning.attended);
  return resnets[1].forward(x, conditioning.time);
}

UNetUpBlock::UNetUpBlock(const weights::Scope& scope, const UNetConfig& config, std::size_t index) {
  const auto& level = config.levels[index];
  const auto last = config.levels.size() - 1;
  const auto from_below = config.levels[index == last ? last : index + 1].channels;
  // The skips come in the reverse of the order in which the down blocks made them: this level's,
  // and last what the level above handed down (the finest level: what conv_in made).
  const auto from_above = config.levels[index == 0 ? 0 : index - 1].channels;
  const auto count = static_cast<std::size_t>(level.layers) + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x_channels = i == 0 ? from_below : level.channels;
    const auto skip_channels = i + 1 == count ? from_above : level.channels;
    resnets.emplace_back(scope / "resnets" / i,
                         resnet_shape(config, x_channels + skip_channels, level.channels));
    if (level.up_has_attention) {
      attentions.emplace_back(scope / "attentions" / i,
                              transformer_shape(config, level, level.up_transformers[i]));
    }
  }
  if (index > 0) upsamplers.emplace(scope / "upsamplers" / 0, level.channels);
}

at::Tensor UNetUpBlock::forward(at::Tensor x, const UNetConditioning& conditioning,
                                std::vector<at::Tensor>& skips) const {
  for (std::size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i].forward(at::cat({x, take_last(skips)}, 1), conditioning.time);
    if (!attentions.empty()) x = attentions[i].forward(x, conditioning.attended);
  }
  if (upsamplers) {
    FURROW_CHECK(!skips.empty(), "an up block that is not the last leaves skips");
    x = upsamplers->forward(x, skips.back().size(2), skips.back().size(3));
  }
  return x;
}

}  // namespace furrow::engine::nn
