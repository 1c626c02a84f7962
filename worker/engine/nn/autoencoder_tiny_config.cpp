#include "worker/engine/nn/autoencoder_tiny_config.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

// A convolution keeps the channels when it goes to the next level, so that all have equally many.
std::int64_t read_channels(ConfigReader& reader, std::string_view key, std::size_t levels) {
  const auto channels = reader.integers(key, std::vector<std::int64_t>(levels, 64));
  if (channels.size() != levels) {
    reader.add_broken(
        fmt::format("{} has {} entries, and should have {}", key, channels.size(), levels));
  }
  if (std::any_of(channels.begin(), channels.end(),
                  [&](std::int64_t n) { return n != channels.front(); })) {
    reader.add_broken(fmt::format("{} should be the same for every level", key));
  }
  return channels.front();
}

// Bounded, so that a broken config asks for no memory.
std::vector<std::int64_t> read_blocks(ConfigReader& reader, std::string_view key,
                                      const std::vector<std::int64_t>& otherwise) {
  constexpr std::int64_t kMaxBlocks = 1000;
  constexpr std::size_t kMaxLevels = 16;
  const auto blocks = reader.integers(key, otherwise);
  const bool is_bounded =
      blocks.size() <= kMaxLevels &&
      std::all_of(blocks.begin(), blocks.end(), [](std::int64_t n) { return n <= kMaxBlocks; });
  if (is_bounded) return blocks;
  reader.add_broken(
      fmt::format("{} should be at most {} numbers up to {}", key, kMaxLevels, kMaxBlocks));
  return otherwise;
}

AutoencoderTinyConfig parse(ConfigReader& reader) {
  AutoencoderTinyConfig c;
  reader.require("_class_name", "AutoencoderTiny");
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.out_channels = reader.integer("out_channels", c.out_channels);
  c.encoder_blocks = read_blocks(reader, "num_encoder_blocks", c.encoder_blocks);
  c.decoder_blocks = read_blocks(reader, "num_decoder_blocks", c.decoder_blocks);
  c.channels_encoder = read_channels(reader, "encoder_block_out_channels", c.encoder_blocks.size());
  c.channels_decoder = read_channels(reader, "decoder_block_out_channels", c.decoder_blocks.size());
  c.activation = reader.activation("act_fn", c.activation);
  reader.require("upsample_fn", "nearest");
  c.latent_channels = reader.integer("latent_channels", c.latent_channels);
  c.upsampling_factor = reader.integer("upsampling_scaling_factor", c.upsampling_factor);
  c.latent_magnitude = reader.number("latent_magnitude", c.latent_magnitude);
  c.latent_shift = reader.number("latent_shift", c.latent_shift);
  c.scaling_factor = reader.number("scaling_factor", c.scaling_factor);
  c.shift_factor = reader.optional_number("shift_factor", c.shift_factor);
  if (c.scaling_factor == 0) reader.add_broken("scaling_factor is 0");
  if (c.latent_magnitude == 0) reader.add_broken("latent_magnitude is 0");
  // The encoder's channels once more; whether half precision overflows, which bfloat16 does not.
  reader.ignore("block_out_channels");
  reader.ignore("force_upcast");
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<AutoencoderTinyConfig> AutoencoderTinyConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

}  // namespace furrow::engine::nn
