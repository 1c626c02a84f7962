#include "worker/engine/nn/unet_config.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"
#include "worker/engine/nn/unet_down_path.h"

namespace furrow::engine::nn {

namespace {

constexpr std::string_view kReversedDepth = "reverse_transformer_layers_per_block";

// The up blocks' part of the levels, which config.json lists from the coarsest.
void read_up_path(ConfigReader& reader, UNetConfig& c) {
  const auto count = c.levels.size();
  const auto has_attention = reader.choices(
      "up_block_types",
      {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}, "UpBlock2D",
      "CrossAttnUpBlock2D");
  reader.ignore(kReversedDepth);
  if (count == 0) return;  // and the reader knows why
  if (has_attention.size() != count) {
    reader.add_wrong_count("up_block_types", has_attention.size(), "block_out_channels", count);
    return;
  }
  std::vector<std::size_t> resnets;
  for (auto level = c.levels.rbegin(); level != c.levels.rend(); ++level) {
    resnets.push_back(static_cast<std::size_t>(level->layers) + 1);
  }
  const bool is_mirrored = !reader.is_given(kReversedDepth);
  const auto transformers = is_mirrored ? std::vector<std::vector<std::int64_t>>(count)
                                        : reader.integer_lists(kReversedDepth, 1, resnets);
  if (is_mirrored && reader.is_list_of_lists("transformer_layers_per_block")) {
    reader.add_broken(fmt::format(
        "transformer_layers_per_block lists the layers of a block, and then {} has to list those "
        "of the up blocks",
        kReversedDepth));
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto& level = c.levels[count - 1 - i];
    level.up_has_attention = has_attention[i];
    level.up_transformers = transformers[i];
    if (is_mirrored) level.up_transformers.assign(resnets[i], level.down_transformers.front());
  }
}

UNetConfig parse(ConfigReader& reader) {
  reader.require("_class_name", "UNet2DConditionModel");
  // By a naming mistake that published models keep, heads are told by attention_head_dim.
  reader.require_none("num_attention_heads");
  auto c = read_down_path(reader);
  // A number, a pair, or null; it only says what the model was trained for.
  c.sample_size = reader.is_integer("sample_size") ? reader.integer("sample_size", 0) : 0;
  reader.ignore("sample_size");
  c.out_channels = reader.integer("out_channels", c.out_channels);
  c.center_input_sample = reader.flag("center_input_sample", c.center_input_sample);
  c.conv_in_kernel = reader.integer("conv_in_kernel", c.conv_in_kernel);
  c.conv_out_kernel = reader.integer("conv_out_kernel", c.conv_out_kernel);
  c.time_embedding_dim = reader.optional_integer("time_embedding_dim", c.time_embedding_dim);
  c.time_cond_proj_dim = reader.optional_integer("time_cond_proj_dim", 0);
  read_up_path(reader, c);
  check_levels(reader, c);
  refuse_variants(reader);
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<UNetConfig> UNetConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> UNetConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
