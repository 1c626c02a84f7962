#include "worker/engine/nn/autoencoder_tiny.h"

#include <cstddef>
#include <numeric>
#include <utility>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

// Hands out the numbers under which layers lie in a torch.nn.Sequential.
class Layers {
 public:
  Layers(const weights::Scope& scope, std::size_t first) : scope_(scope), next_(first) {}

  weights::Scope next() { return scope_ / next_++; }

  /// A layer without weights.
  void skip() { ++next_; }

 private:
  weights::Scope scope_;
  std::size_t next_;
};

std::vector<TinyBlock> take_blocks(Layers& layers, std::int64_t count, std::int64_t channels,
                                   Activation activation) {
  std::vector<TinyBlock> blocks;
  for (std::int64_t i = 0; i < count; ++i) blocks.emplace_back(layers.next(), channels, activation);
  return blocks;
}

std::vector<TinyLevel> encoder_levels(const weights::Scope& scope, const AutoencoderTinyConfig& c) {
  Layers layers(scope, 0);
  std::vector<TinyLevel> levels;
  const auto channels = c.channels_encoder;
  for (const auto count : c.encoder_blocks) {
    const ConvShape shape =
        levels.empty()
            ? ConvShape{.in = c.in_channels, .out = channels}
            : ConvShape{.in = channels, .out = channels, .stride = 2, .bias = Bias::Without};
    Conv2d conv(layers.next(), shape);
    levels.push_back({std::move(conv), take_blocks(layers, count, channels, c.activation)});
  }
  return levels;
}

std::vector<TinyLevel> decoder_levels(const weights::Scope& scope, const AutoencoderTinyConfig& c) {
  Layers layers(scope, 2);  // behind conv_in and its activation
  std::vector<TinyLevel> levels;
  const auto channels = c.channels_decoder;
  for (std::size_t i = 0; i < c.decoder_blocks.size(); ++i) {
    const bool is_last = i + 1 == c.decoder_blocks.size();
    auto blocks = take_blocks(layers, c.decoder_blocks[i], channels, c.activation);
    if (!is_last) layers.skip();  // the upsampling
    const ConvShape shape = is_last
                                ? ConvShape{.in = channels, .out = c.out_channels}
                                : ConvShape{.in = channels, .out = channels, .bias = Bias::Without};
    levels.push_back({Conv2d(layers.next(), shape), std::move(blocks)});
  }
  return levels;
}

// Before the last convolution: one for each level, and the blocks.
std::size_t encoder_layer_count(const AutoencoderTinyConfig& c) {
  const auto blocks = std::accumulate(c.encoder_blocks.begin(), c.encoder_blocks.end(),
                                      static_cast<std::int64_t>(c.encoder_blocks.size()));
  return static_cast<std::size_t>(blocks);
}

at::Tensor run_blocks(const std::vector<TinyBlock>& blocks, at::Tensor x) {
  for (const auto& block : blocks) x = block.forward(x);
  return x;
}

}  // namespace

TinyBlock::TinyBlock(const weights::Scope& scope, std::int64_t channels, Activation act)
    : conv_0(scope / "conv" / 0, {.in = channels, .out = channels}),
      conv_2(scope / "conv" / 2, {.in = channels, .out = channels}),
      conv_4(scope / "conv" / 4, {.in = channels, .out = channels}),
      activation(act) {}

at::Tensor TinyBlock::forward(const at::Tensor& x) const {
  const auto h = activate(activation, conv_0.forward(x));
  // Whatever act_fn says, the sum goes through a ReLU.
  return conv_4.forward(activate(activation, conv_2.forward(h))).add_(x).relu_();
}

TinyEncoder::TinyEncoder(const weights::Scope& scope, const AutoencoderTinyConfig& c)
    : levels(encoder_levels(scope, c)),
      conv_out(scope / encoder_layer_count(c),
               {.in = c.channels_encoder, .out = c.latent_channels}) {}

TinyDecoder::TinyDecoder(const weights::Scope& scope, const AutoencoderTinyConfig& c)
    : conv_in(scope / 0, {.in = c.latent_channels, .out = c.channels_decoder}),
      levels(decoder_levels(scope, c)) {}

AutoencoderTiny::AutoencoderTiny(const weights::Scope& scope, const AutoencoderTinyConfig& c)
    : config(c),
      encoder(scope / "encoder" / "layers", c),
      decoder(scope / "decoder" / "layers", c) {}

at::Tensor AutoencoderTiny::encode(const at::Tensor& image) const {
  TORCH_CHECK_VALUE(image.dim() == 4 && image.size(1) == config.in_channels,
                    "the small VAE encodes [B, ", config.in_channels, ", H, W], got ",
                    image.sizes());
  const auto dtype = encoder.conv_out.weight.dtype();
  auto x = image.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
  x = (x + 1) / 2;
  for (const auto& level : encoder.levels) x = run_blocks(level.blocks, level.conv.forward(x));
  return encoder.conv_out.forward(x).to(image.scalar_type()).contiguous();
}

at::Tensor AutoencoderTiny::decode(const at::Tensor& latents) const {
  TORCH_CHECK_VALUE(latents.dim() == 4 && latents.size(1) == config.latent_channels,
                    "the small VAE decodes [B, ", config.latent_channels, ", h, w], got ",
                    latents.sizes());
  constexpr double kClamp = 3;  // latents beyond it are pulled in softly
  const auto dtype = decoder.conv_in.weight.dtype();
  auto x =
      latents.to(dtype, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
  x = at::tanh(x / kClamp) * kClamp;
  x = activate(config.activation, decoder.conv_in.forward(x));
  for (const auto& level : decoder.levels) {
    x = run_blocks(level.blocks, x);
    if (&level != &decoder.levels.back()) {
      x = at::upsample_nearest2d(
          x, {x.size(2) * config.upsampling_factor, x.size(3) * config.upsampling_factor});
    }
    x = level.conv.forward(x);
  }
  return (x * 2 - 1).to(latents.scalar_type()).contiguous();
}

at::Tensor AutoencoderTiny::scale_latents(const at::Tensor& latents) const {
  return (latents / (2 * config.latent_magnitude) + config.latent_shift).clamp(0, 1);
}

at::Tensor AutoencoderTiny::unscale_latents(const at::Tensor& picture) const {
  return (picture - config.latent_shift) * (2 * config.latent_magnitude);
}

}  // namespace furrow::engine::nn
