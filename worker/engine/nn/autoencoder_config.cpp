#include "worker/engine/nn/autoencoder_config.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

// Absent: as many blocks of the only type as there are channels listed.
void check_block_types(ConfigReader& reader, std::string_view key, std::string_view only,
                       std::size_t count) {
  const auto types = reader.texts(key, {});
  for (const auto& type : types) {
    if (type != only) reader.add_unsupported(key, type);
  }
  if (!types.empty() && types.size() != count) {
    reader.add_broken(fmt::format(
        "{} has {} entries and block_out_channels {}, and they should have equally many", key,
        types.size(), count));
  }
}

AutoencoderConfig parse(ConfigReader& reader) {
  AutoencoderConfig c;
  reader.require("_class_name", "AutoencoderKL");
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.out_channels = reader.integer("out_channels", c.out_channels);
  c.block_out_channels = reader.integers("block_out_channels", c.block_out_channels);
  check_block_types(reader, "down_block_types", "DownEncoderBlock2D", c.block_out_channels.size());
  check_block_types(reader, "up_block_types", "UpDecoderBlock2D", c.block_out_channels.size());
  c.layers_per_block = reader.integer("layers_per_block", c.layers_per_block);
  c.activation = reader.activation("act_fn", c.activation);
  c.latent_channels = reader.integer("latent_channels", c.latent_channels);
  c.norm_num_groups = reader.integer("norm_num_groups", c.norm_num_groups);
  c.scaling_factor = reader.number("scaling_factor", c.scaling_factor);
  c.shift_factor = reader.optional_number("shift_factor", c.shift_factor);
  reader.require_none("latents_mean");
  reader.require_none("latents_std");
  c.use_quant_conv = reader.flag("use_quant_conv", c.use_quant_conv);
  c.use_post_quant_conv = reader.flag("use_post_quant_conv", c.use_post_quant_conv);
  c.mid_block_add_attention = reader.flag("mid_block_add_attention", c.mid_block_add_attention);
  c.sample_size = reader.integer("sample_size", c.sample_size);
  // Whether half precision overflows, which bfloat16 does not.
  reader.ignore("force_upcast");
  reader.refuse_unknown_keys();
  for (const auto channels : c.block_out_channels) {
    if (channels % c.norm_num_groups != 0) {
      reader.add_broken(fmt::format("block_out_channels {} cannot be split into {} norm_num_groups",
                                    channels, c.norm_num_groups));
    }
  }
  if (c.scaling_factor == 0) reader.add_broken("scaling_factor is 0");
  return c;
}

}  // namespace

Result<AutoencoderConfig> AutoencoderConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> AutoencoderConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
