#include "worker/engine/nn/t2i_adapter_config.h"

#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

using Type = T2iAdapterConfig::Type;

constexpr std::int64_t kMaxResBlocks = 1000;

Type read_type(ConfigReader& reader) {
  const auto name = reader.text("adapter_type", "full_adapter");
  if (name == "full_adapter_xl") return Type::FullXl;
  if (name == "light_adapter") return Type::Light;
  if (name != "full_adapter") reader.add_unsupported("adapter_type", name);
  return Type::Full;
}

T2iAdapterConfig parse(ConfigReader& reader) {
  T2iAdapterConfig c;
  reader.require("_class_name", "T2IAdapter");
  c.type = read_type(reader);
  c.in_channels = reader.integer("in_channels", c.in_channels);
  c.channels = reader.integers("channels", c.channels);
  c.res_blocks = reader.integer("num_res_blocks", c.res_blocks);
  c.downscale_factor = reader.integer("downscale_factor", c.downscale_factor);
  if (c.res_blocks > kMaxResBlocks) {
    reader.add_broken("num_res_blocks is too large");
    c.res_blocks = 1;
  }
  reader.refuse_unknown_keys();
  return c;
}

}  // namespace

Result<T2iAdapterConfig> T2iAdapterConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

}  // namespace furrow::engine::nn
