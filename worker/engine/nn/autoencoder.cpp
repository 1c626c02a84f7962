#include "worker/engine/nn/autoencoder.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

ConvShape pointwise(std::int64_t channels) {
  return {.in = channels, .out = channels, .kernel = 1, .stride = 1, .padding = 0};
}

}  // namespace

AutoencoderKl::AutoencoderKl(const weights::Scope& scope, const AutoencoderConfig& c)
    : config(c), encoder(scope / "encoder", c), decoder(scope / "decoder", c) {
  if (c.use_quant_conv) quant_conv.emplace(scope / "quant_conv", pointwise(2 * c.latent_channels));
  if (c.use_post_quant_conv) {
    post_quant_conv.emplace(scope / "post_quant_conv", pointwise(c.latent_channels));
  }
}

at::Tensor AutoencoderKl::encode(const at::Tensor& image) const {
  TORCH_CHECK_VALUE(image.dim() == 4 && image.size(1) == config.in_channels, "the VAE encodes [B, ",
                    config.in_channels, ", H, W], got ", image.sizes());
  const auto dtype = encoder.conv_in.weight.dtype();
  auto moments = encoder.forward(
      image.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast));
  if (quant_conv) moments = quant_conv->forward(moments);
  return moments.to(image.scalar_type()).contiguous();
}

at::Tensor AutoencoderKl::decode(const at::Tensor& latents) const {
  TORCH_CHECK_VALUE(latents.dim() == 4 && latents.size(1) == config.latent_channels,
                    "the VAE decodes [B, ", config.latent_channels, ", h, w], got ",
                    latents.sizes());
  const auto dtype = decoder.conv_in.weight.dtype();
  auto x =
      latents.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
  if (post_quant_conv) x = post_quant_conv->forward(x);
  return decoder.forward(x).to(latents.scalar_type()).contiguous();
}

}  // namespace furrow::engine::nn
