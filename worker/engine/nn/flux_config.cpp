#include "worker/engine/nn/flux_config.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

FluxConfig parse(ConfigReader& reader) {
  FluxConfig c;
  reader.require("_class_name", "FluxTransformer2DModel");
  reader.require("patch_size", 1);
  c.in_channels = reader.integer("in_channels", c.in_channels);
  if (reader.is_null("out_channels")) {
    reader.ignore("out_channels");
    c.out_channels = c.in_channels;
  } else {
    c.out_channels = reader.integer("out_channels", c.in_channels);
  }
  c.num_layers = reader.integer("num_layers", c.num_layers, 0);
  c.num_single_layers = reader.integer("num_single_layers", c.num_single_layers, 0);
  c.attention_head_dim = reader.integer("attention_head_dim", c.attention_head_dim);
  c.num_attention_heads = reader.integer("num_attention_heads", c.num_attention_heads);
  c.joint_attention_dim = reader.integer("joint_attention_dim", c.joint_attention_dim);
  c.pooled_projection_dim = reader.integer("pooled_projection_dim", c.pooled_projection_dim);
  c.guidance_embeds = reader.flag("guidance_embeds", c.guidance_embeds);
  c.axes_dims_rope = reader.integers("axes_dims_rope", c.axes_dims_rope);
  const auto& axes = c.axes_dims_rope;
  const bool are_even = std::all_of(axes.begin(), axes.end(), [](auto n) { return n % 2 == 0; });
  const auto sum = std::accumulate(axes.begin(), axes.end(), std::int64_t{0});
  if (!are_even || sum != c.attention_head_dim) {
    reader.add_broken(
        fmt::format("axes_dims_rope {} are not even numbers that add up to attention_head_dim {}",
                    axes, c.attention_head_dim));
  }
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<FluxConfig> FluxConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> FluxConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
