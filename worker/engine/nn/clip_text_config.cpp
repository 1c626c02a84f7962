#include "worker/engine/nn/clip_text_config.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

// Unlike the other networks' configs, transformers' ones hold dozens of keys about training and
// text generation, so unknown ones are passed over.
ClipTextConfig parse(ConfigReader& reader) {
  ClipTextConfig c;
  for (const auto& architecture : reader.texts("architectures", {"CLIPTextModel"})) {
    if (architecture == "CLIPTextModelWithProjection") {
      c.has_projection = true;
    } else if (architecture != "CLIPTextModel") {
      reader.add_unsupported("architectures", architecture);
    }
  }
  c.vocab_size = reader.integer("vocab_size", c.vocab_size);
  c.hidden_size = reader.integer("hidden_size", c.hidden_size);
  c.intermediate_size = reader.integer("intermediate_size", c.intermediate_size);
  c.projection_dim = reader.integer("projection_dim", c.projection_dim);
  c.num_hidden_layers = reader.integer("num_hidden_layers", c.num_hidden_layers);
  c.num_attention_heads = reader.integer("num_attention_heads", c.num_attention_heads);
  c.max_position_embeddings = reader.integer("max_position_embeddings", c.max_position_embeddings);
  c.hidden_act = reader.activation("hidden_act", c.hidden_act);
  c.layer_norm_eps = reader.number("layer_norm_eps", c.layer_norm_eps);
  c.eos_token_id = reader.integer("eos_token_id", c.eos_token_id, 0);
  if (c.hidden_size % c.num_attention_heads != 0) {
    reader.add_broken(fmt::format("hidden_size {} cannot be split into {} num_attention_heads",
                                  c.hidden_size, c.num_attention_heads));
  }
  return c;
}

}  // namespace

Result<ClipTextConfig> ClipTextConfig::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> ClipTextConfig::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
