#include "worker/engine/nn/unet_config.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

using Names = std::vector<std::string>;

// Whether each block has attention, by its type.
std::vector<bool> read_block_types(ConfigReader& reader, std::string_view key, Names otherwise,
                                   std::string_view plain, std::string_view with_attention) {
  std::vector<bool> has_attention;
  for (const auto& type : reader.texts(key, std::move(otherwise))) {
    if (type != plain && type != with_attention) reader.add_unsupported(key, type);
    has_attention.push_back(type == with_attention);
  }
  return has_attention;
}

void read_levels(ConfigReader& reader, UNetConfig& c) {
  const auto channels = reader.integers("block_out_channels", {320, 640, 1280, 1280});
  const auto count = channels.size();
  const auto down = read_block_types(
      reader, "down_block_types",
      {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"},
      "DownBlock2D", "CrossAttnDownBlock2D");
  const auto up = read_block_types(
      reader, "up_block_types",
      {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}, "UpBlock2D",
      "CrossAttnUpBlock2D");
  const auto layers = reader.integers_each("layers_per_block", 2, count);
  // By a naming mistake that published models keep, this is the number of heads.
  const auto heads = reader.integers_each("attention_head_dim", 8, count);
  const auto depth = reader.integers_each("transformer_layers_per_block", 1, count);
  const auto context = reader.integers_each("cross_attention_dim", 1280, count);
  const auto only_cross = reader.flags_each("only_cross_attention", false, count);
  if (down.size() != count || up.size() != count) {
    reader.add_broken(
        fmt::format("block_out_channels, down_block_types and up_block_types have {}, {} and {} "
                    "entries, and should have equally many",
                    count, down.size(), up.size()));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    c.levels.push_back({.channels = channels[i],
                        .layers = layers[i],
                        .heads = heads[i],
                        .transformer_layers = depth[i],
                        .cross_attention_dim = context[i],
                        .only_cross_attention = only_cross[i],
                        .down_has_attention = down[i],
                        .up_has_attention = up[count - 1 - i]});
  }
}

void check_levels(ConfigReader& reader, const UNetConfig& c) {
  for (std::size_t i = 0; i < c.levels.size(); ++i) {
    const auto& level = c.levels[i];
    if (level.channels % c.norm_num_groups != 0) {
      reader.add_broken(fmt::format("block_out_channels {} cannot be split into {} norm_num_groups",
                                    level.channels, c.norm_num_groups));
    }
    const bool is_mid = i + 1 == c.levels.size() && c.has_mid_block;
    const bool has_attention = level.down_has_attention || level.up_has_attention || is_mid;
    if (has_attention && level.channels % level.heads != 0) {
      reader.add_broken(
          fmt::format("block_out_channels {} cannot be split into {} heads (attention_head_dim)",
                      level.channels, level.heads));
    }
  }
}

// The network's variants that other models need and this one does not have.
void refuse_variants(ConfigReader& reader) {
  reader.require("_class_name", "UNet2DConditionModel");
  reader.require("dual_cross_attention", false);
  reader.require("resnet_time_scale_shift", "default");
  reader.require("resnet_skip_time_act", false);
  reader.require("resnet_out_scale_factor", 1.0);
  reader.require("time_embedding_type", "positional");
  reader.require("attention_type", "default");
  reader.require("class_embeddings_concat", false);
  for (const auto* key :
       {"num_attention_heads", "reverse_transformer_layers_per_block", "encoder_hid_dim",
        "encoder_hid_dim_type", "class_embed_type", "addition_embed_type",
        "addition_time_embed_dim", "num_class_embeds", "time_embedding_act_fn", "timestep_post_act",
        "time_cond_proj_dim", "projection_class_embeddings_input_dim", "cross_attention_norm"}) {
    reader.require_none(key);
  }
  // Only variants refused above look at these, or only training does; attention sums in float32
  // whether or not it is asked to (upcast_attention).
  for (const auto* key : {"dropout", "addition_embed_type_num_heads", "upcast_attention",
                          "mid_block_only_cross_attention", "use_linear_projection"}) {
    reader.ignore(key);
  }
}

UNetConfig parse(ConfigReader& reader, const nlohmann::json& config) {
  UNetConfig c;
  // A number, a pair, or null; it only says what the model was trained for.
  reader.ignore("sample_size");
  if (config.is_object() && config.value("sample_size", nlohmann::json()).is_number_integer()) {
    c.sample_size = config.at("sample_size").get<std::int64_t>();
  }
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.out_channels = reader.integer("out_channels", c.out_channels);
  c.center_input_sample = reader.flag("center_input_sample", c.center_input_sample);
  c.flip_sin_to_cos = reader.flag("flip_sin_to_cos", c.flip_sin_to_cos);
  c.freq_shift = reader.number("freq_shift", c.freq_shift);
  c.activation = reader.activation("act_fn", c.activation);
  c.norm_num_groups = reader.integer("norm_num_groups", c.norm_num_groups);
  c.norm_eps = reader.number("norm_eps", c.norm_eps);
  c.downsample_padding = reader.integer("downsample_padding", c.downsample_padding, 0);
  c.mid_block_scale_factor = reader.number("mid_block_scale_factor", c.mid_block_scale_factor);
  c.has_mid_block = !reader.is_null("mid_block_type");
  reader.require("mid_block_type", "UNetMidBlock2DCrossAttn");
  c.conv_in_kernel = reader.integer("conv_in_kernel", c.conv_in_kernel);
  c.conv_out_kernel = reader.integer("conv_out_kernel", c.conv_out_kernel);
  read_levels(reader, c);
  check_levels(reader, c);
  const auto first_channels = c.levels.empty() ? 0 : c.levels.front().channels;
  c.time_embedding_dim = reader.is_null("time_embedding_dim")
                             ? 4 * first_channels
                             : reader.integer("time_embedding_dim", 4 * first_channels);
  if (reader.is_null("time_embedding_dim")) reader.ignore("time_embedding_dim");
  refuse_variants(reader);
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<UNetConfig> UNetConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader, config);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> UNetConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader, config);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
