#include "worker/engine/nn/unet.h"

#include <cstddef>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

ConvShape same_size(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  return {.in = in, .out = out, .kernel = kernel, .padding = (kernel - 1) / 2};
}

}  // namespace

UNet::UNet(const weights::Scope& scope, const UNetConfig& c)
    : config(c),
      conv_in(scope / "conv_in",
              same_size(c.in_channels, c.levels.front().channels, c.conv_in_kernel)),
      time_embedding(scope / "time_embedding", c.levels.front().channels, c.time_embedding_dim,
                     c.activation),
      conv_norm_out(scope / "conv_norm_out", c.levels.front().channels, c.norm_num_groups,
                    c.norm_eps),
      conv_out(scope / "conv_out",
               same_size(c.levels.front().channels, c.out_channels, c.conv_out_kernel)) {
  const auto count = c.levels.size();
  for (std::size_t i = 0; i < count; ++i) down_blocks.emplace_back(scope / "down_blocks" / i, c, i);
  if (c.has_mid_block) mid_block.emplace(scope / "mid_block", c);
  for (std::size_t i = 0; i < count; ++i) {
    up_blocks.emplace_back(scope / "up_blocks" / i, c, count - 1 - i);
  }
}

at::Tensor UNet::forward(const at::Tensor& sample, const at::Tensor& timesteps,
                         const at::Tensor& encoder_hidden_states) const {
  const auto batch = sample.size(0);
  TORCH_CHECK_VALUE(sample.dim() == 4 && sample.size(1) == config.in_channels,
                    "the UNet takes [B, ", config.in_channels, ", h, w], got ", sample.sizes());
  TORCH_CHECK_VALUE(encoder_hidden_states.dim() == 3 && encoder_hidden_states.size(0) == batch,
                    "the UNet takes prompt embeddings [", batch, ", T, D], got ",
                    encoder_hidden_states.sizes());
  const auto dtype = conv_in.weight.get().scalar_type();

  const auto sinusoids =
      sinusoidal_embedding(timesteps.reshape(-1).expand(batch), config.levels.front().channels,
                           config.flip_sin_to_cos, config.freq_shift);
  // Every resnet activates the embedding first: it is done here once.
  const UNetConditioning conditioning = {
      activate(config.activation, time_embedding.forward(sinusoids.to(dtype))),
      encoder_hidden_states.to(dtype)};

  auto x = sample.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
  if (config.center_input_sample) x = 2 * x - 1;
  x = conv_in.forward(x);
  std::vector<at::Tensor> skips = {x};
  for (const auto& block : down_blocks) x = block.forward(x, conditioning, skips);
  if (mid_block) x = mid_block->forward(x, conditioning);
  for (const auto& block : up_blocks) x = block.forward(x, conditioning, skips);
  x = conv_out.forward(conv_norm_out.forward(x, config.activation));
  return x.to(sample.scalar_type()).contiguous();
}

}  // namespace furrow::engine::nn
