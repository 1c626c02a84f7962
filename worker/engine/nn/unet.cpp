#include "worker/engine/nn/unet.h"

#include <cstddef>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

ConvShape same_size(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  return {.in = in, .out = out, .kernel = kernel, .padding = (kernel - 1) / 2};
}

// Adds a ControlNet's residuals to the skips and to the middle block's result.
at::Tensor add_residuals(const ControlResiduals& control, std::vector<at::Tensor>& skips,
                         const at::Tensor& mid) {
  if (control.down.empty()) return mid;
  TORCH_CHECK_VALUE(control.down.size() == skips.size(), "the UNet has ", skips.size(),
                    " skips and the ControlNet gives ", control.down.size(), " residuals");
  for (std::size_t i = 0; i < skips.size(); ++i) {
    skips[i] = skips[i] + control.down[i].to(skips[i].scalar_type());
  }
  return mid + control.mid.to(mid.scalar_type());
}

}  // namespace

UNet::UNet(const weights::Scope& scope, const UNetConfig& c)
    : config(c),
      conv_in(scope / "conv_in",
              same_size(c.in_channels, c.levels.front().channels, c.conv_in_kernel)),
      embedding(scope, c),
      conv_norm_out(scope / "conv_norm_out", c.levels.front().channels, c.norm_num_groups,
                    c.norm_eps),
      conv_out(scope / "conv_out",
               same_size(c.levels.front().channels, c.out_channels, c.conv_out_kernel)) {
  const auto count = c.levels.size();
  for (std::size_t i = 0; i < count; ++i) down_blocks.emplace_back(scope / "down_blocks" / i, c, i);
  if (c.mid_block != MidBlock::None) mid_block.emplace(scope / "mid_block", c);
  for (std::size_t i = 0; i < count; ++i) {
    up_blocks.emplace_back(scope / "up_blocks" / i, c, count - 1 - i);
  }
  number_image_layers();
}

void UNet::number_image_layers() {
  const auto number = [&](std::vector<Transformer2d>& attentions) {
    for (auto& attention : attentions) {
      for (auto& block : attention.transformer_blocks) {
        block.image_layer = image_layers_.size();
        image_layers_.push_back(block.width);
      }
    }
  };
  for (auto& block : down_blocks) number(block.attentions);
  for (auto& block : up_blocks) number(block.attentions);
  if (mid_block) number(mid_block->attentions);
}

void UNet::check_inputs(const at::Tensor& sample, const at::Tensor& encoder_hidden_states,
                        const AddedConditioning& added) const {
  TORCH_CHECK_VALUE(sample.dim() == 4 && sample.size(1) == config.in_channels,
                    "the UNet takes [B, ", config.in_channels, ", h, w], got ", sample.sizes());
  const auto batch = sample.size(0);
  TORCH_CHECK_VALUE(encoder_hidden_states.dim() == 3 && encoder_hidden_states.size(0) == batch,
                    "the UNet takes prompt embeddings [", batch, ", T, D], got ",
                    encoder_hidden_states.sizes());
  TORCH_CHECK_VALUE(added.adapter_features.size() <= down_blocks.size() + (mid_block ? 1 : 0),
                    "the UNet takes a T2I-Adapter's feature for each of its ", down_blocks.size(),
                    " down blocks and its middle block, got ", added.adapter_features.size());
  for (const auto& picture : added.image_prompts) {
    TORCH_CHECK_VALUE(picture.layers.size() == image_layers_.size(), "the UNet has ",
                      image_layers_.size(), " attentions for an IP-Adapter, which has ",
                      picture.layers.size());
    for (std::size_t i = 0; i < image_layers_.size(); ++i) {
      const auto& keys = picture.layers[i].keys;
      TORCH_CHECK_VALUE(
          keys.dim() == 3 && keys.size(0) == batch && keys.size(2) == image_layers_[i],
          "the UNet's attention ", i, " takes an IP-Adapter's keys [", batch, ", T, ",
          image_layers_[i], "], got ", keys.sizes());
    }
  }
}

at::Tensor UNet::forward(const at::Tensor& sample, const at::Tensor& timesteps,
                         const at::Tensor& encoder_hidden_states,
                         const AddedConditioning& added) const {
  check_inputs(sample, encoder_hidden_states, added);
  const auto dtype = conv_in.weight.dtype();
  const UNetConditioning conditioning = {embedding.forward(timesteps, sample.size(0), added),
                                         {encoder_hidden_states.to(dtype), added.image_prompts}};
  const auto feature = [&](std::size_t i) {
    return i < added.adapter_features.size() ? added.adapter_features[i].to(dtype) : at::Tensor();
  };

  auto x = sample.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
  if (config.center_input_sample) x = 2 * x - 1;
  x = conv_in.forward(x);
  std::vector<at::Tensor> skips = {x};
  for (std::size_t i = 0; i < down_blocks.size(); ++i) {
    x = down_blocks[i].forward(x, conditioning, skips, feature(i));
  }
  if (mid_block) x = mid_block->forward(x, conditioning);
  if (const auto last = feature(down_blocks.size()); last.defined()) x = x + last;
  x = add_residuals(added.control, skips, x);
  for (const auto& block : up_blocks) x = block.forward(x, conditioning, skips);
  x = conv_out.forward(conv_norm_out.forward(x, config.activation));
  return x.to(sample.scalar_type()).contiguous();
}

}  // namespace furrow::engine::nn
