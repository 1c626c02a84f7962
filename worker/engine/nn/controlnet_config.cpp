#include "worker/engine/nn/controlnet_config.h"

#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"
#include "worker/engine/nn/unet_down_path.h"

namespace furrow::engine::nn {

namespace {

ControlNetConfig parse(ConfigReader& reader) {
  ControlNetConfig c;
  reader.require("_class_name", "ControlNetModel");
  c.unet = read_down_path(reader);
  c.conditioning_channels = reader.integer("conditioning_channels", c.conditioning_channels);
  c.conditioning_embedding_out_channels =
      reader.integers("conditioning_embedding_out_channels", c.conditioning_embedding_out_channels);
  const auto order = reader.text("controlnet_conditioning_channel_order", "rgb");
  if (order != "rgb" && order != "bgr") {
    reader.add_unsupported("controlnet_conditioning_channel_order", order);
  }
  c.is_bgr = order == "bgr";
  c.global_pool_conditions = reader.flag("global_pool_conditions", c.global_pool_conditions);
  check_levels(reader, c.unet);
  refuse_variants(reader);
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<ControlNetConfig> ControlNetConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

}  // namespace furrow::engine::nn
