#include "worker/engine/nn/mmdit_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

void read_qk_norm(ConfigReader& reader, MmditConfig& c) {
  if (reader.is_null("qk_norm")) {
    reader.ignore("qk_norm");
    return;
  }
  const auto name = reader.text("qk_norm", "");
  c.norms_qk = name == "rms_norm";
  if (!name.empty() && !c.norms_qk) reader.add_unsupported("qk_norm", name);
}

MmditConfig parse(ConfigReader& reader) {
  MmditConfig c;
  reader.require("_class_name", "SD3Transformer2DModel");
  c.sample_size = reader.integer("sample_size", c.sample_size);
  c.patch_size = reader.integer("patch_size", c.patch_size);
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.out_channels = reader.is_null("out_channels") ? c.in_channels
                                                  : reader.integer("out_channels", c.out_channels);
  if (reader.is_null("out_channels")) reader.ignore("out_channels");
  c.num_layers = reader.integer("num_layers", c.num_layers);
  c.attention_head_dim = reader.integer("attention_head_dim", c.attention_head_dim);
  c.num_attention_heads = reader.integer("num_attention_heads", c.num_attention_heads);
  c.joint_attention_dim = reader.integer("joint_attention_dim", c.joint_attention_dim);
  c.pooled_projection_dim = reader.integer("pooled_projection_dim", c.pooled_projection_dim);
  c.pos_embed_max_size = reader.integer("pos_embed_max_size", c.pos_embed_max_size);
  c.dual_attention_layers = reader.indexes("dual_attention_layers");
  read_qk_norm(reader, c);
  const auto caption = reader.integer("caption_projection_dim", 1152);
  if (caption != c.width()) {
    reader.add_broken(fmt::format(
        "caption_projection_dim {} is not attention_head_dim {} times num_attention_heads {}",
        caption, c.attention_head_dim, c.num_attention_heads));
  }
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

bool MmditConfig::has_dual_attention(std::int64_t layer) const {
  return std::find(dual_attention_layers.begin(), dual_attention_layers.end(), layer) !=
         dual_attention_layers.end();
}

Result<MmditConfig> MmditConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> MmditConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
