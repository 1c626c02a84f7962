#include "worker/engine/nn/unet_down_path.h"

#include <cstddef>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace furrow::engine::nn {

namespace {

// ControlNet's configs may say heads by their own name.
std::vector<std::int64_t> read_heads(ConfigReader& reader, std::size_t count) {
  reader.ignore("num_attention_heads");
  reader.ignore("attention_head_dim");
  const auto* key =
      reader.is_given("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
  return reader.integers_each(key, 8, count);
}

// Bounded, so that a broken config asks for no memory.
std::vector<std::int64_t> read_layers(ConfigReader& reader, std::size_t count) {
  constexpr std::int64_t kMaxLayers = 1000;
  auto layers = reader.integers_each("layers_per_block", 2, count);
  for (auto& n : layers) {
    if (n <= kMaxLayers) continue;
    reader.add_broken(fmt::format("layers_per_block {} is more than {}", n, kMaxLayers));
    n = 1;
  }
  return layers;
}

void read_levels(ConfigReader& reader, UNetConfig& c) {
  const auto channels = reader.integers("block_out_channels", {320, 640, 1280, 1280});
  const auto count = channels.size();
  const auto has_attention = reader.choices(
      "down_block_types",
      {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"},
      "DownBlock2D", "CrossAttnDownBlock2D");
  const auto layers = read_layers(reader, count);
  const auto heads = read_heads(reader, count);
  const auto transformers =
      reader.integer_lists("transformer_layers_per_block", 1, {layers.begin(), layers.end()});
  const auto context = reader.integers_each("cross_attention_dim", 1280, count);
  const auto only_cross = reader.flags_each("only_cross_attention", false, count);
  if (has_attention.size() != count) {
    reader.add_wrong_count("down_block_types", has_attention.size(), "block_out_channels", count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    c.levels.push_back({.channels = channels[i],
                        .layers = layers[i],
                        .heads = heads[i],
                        .down_transformers = transformers[i],
                        .up_transformers = {},
                        .cross_attention_dim = context[i],
                        .only_cross_attention = only_cross[i],
                        .down_has_attention = has_attention[i]});
  }
  c.mid_transformers = transformers.back().front();
  c.time_embedding_dim = 4 * channels.front();
}

MidBlock read_mid_block(ConfigReader& reader) {
  if (reader.is_null("mid_block_type")) {
    reader.ignore("mid_block_type");
    return MidBlock::None;
  }
  const auto type = reader.text("mid_block_type", "UNetMidBlock2DCrossAttn");
  if (type == "UNetMidBlock2D") return MidBlock::Plain;
  if (type != "UNetMidBlock2DCrossAttn") reader.add_unsupported("mid_block_type", type);
  return MidBlock::CrossAttention;
}

std::optional<TextTimeConfig> read_text_time(ConfigReader& reader) {
  constexpr auto kTimeDim = "addition_time_embed_dim";
  constexpr auto kInputDim = "projection_class_embeddings_input_dim";
  if (!reader.is_given("addition_embed_type")) {
    for (const auto* key : {"addition_embed_type", kTimeDim, kInputDim}) reader.require_none(key);
    return std::nullopt;
  }
  reader.require("addition_embed_type", "text_time");
  for (const auto* key : {kTimeDim, kInputDim}) {
    if (!reader.is_given(key)) {
      reader.add_broken(fmt::format("addition_embed_type \"text_time\" needs {}", key));
    }
  }
  return TextTimeConfig{.time_embed_dim = reader.optional_integer(kTimeDim, 0),
                        .input_dim = reader.optional_integer(kInputDim, 0)};
}

}  // namespace

UNetConfig read_down_path(ConfigReader& reader) {
  UNetConfig c;
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.flip_sin_to_cos = reader.flag("flip_sin_to_cos", c.flip_sin_to_cos);
  c.freq_shift = reader.number("freq_shift", c.freq_shift);
  c.activation = reader.activation("act_fn", c.activation);
  c.norm_num_groups = reader.integer("norm_num_groups", c.norm_num_groups);
  c.norm_eps = reader.number("norm_eps", c.norm_eps);
  c.downsample_padding = reader.integer("downsample_padding", c.downsample_padding, 0);
  c.mid_block_scale_factor = reader.number("mid_block_scale_factor", c.mid_block_scale_factor);
  c.mid_block = read_mid_block(reader);
  c.text_time = read_text_time(reader);
  read_levels(reader, c);
  return c;
}

void check_levels(ConfigReader& reader, const UNetConfig& c) {
  for (std::size_t i = 0; i < c.levels.size(); ++i) {
    const auto& level = c.levels[i];
    if (level.channels % c.norm_num_groups != 0) {
      reader.add_broken(fmt::format("block_out_channels {} cannot be split into {} norm_num_groups",
                                    level.channels, c.norm_num_groups));
    }
    const bool is_mid = i + 1 == c.levels.size() && c.mid_block == MidBlock::CrossAttention;
    const bool has_attention = level.down_has_attention || level.up_has_attention || is_mid;
    if (has_attention && level.channels % level.heads != 0) {
      reader.add_broken(
          fmt::format("block_out_channels {} cannot be split into {} heads (attention_head_dim)",
                      level.channels, level.heads));
    }
  }
}

void refuse_variants(ConfigReader& reader) {
  reader.require("dual_cross_attention", false);
  reader.require("resnet_time_scale_shift", "default");
  reader.require("resnet_skip_time_act", false);
  reader.require("resnet_out_scale_factor", 1.0);
  reader.require("time_embedding_type", "positional");
  reader.require("attention_type", "default");
  reader.require("class_embeddings_concat", false);
  for (const auto* key :
       {"encoder_hid_dim", "encoder_hid_dim_type", "class_embed_type", "num_class_embeds",
        "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm"}) {
    reader.require_none(key);
  }
  // Only variants refused above look at these, or only training does; attention sums in float32
  // whether or not it is asked to (upcast_attention), and a 1x1 convolution is a linear
  // (use_linear_projection).
  for (const auto* key : {"dropout", "addition_embed_type_num_heads", "upcast_attention",
                          "mid_block_only_cross_attention", "use_linear_projection"}) {
    reader.ignore(key);
  }
}

}  // namespace furrow::engine::nn
