#include "worker/engine/nn/t5_config.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "worker/engine/nn/config_reader.h"

namespace furrow::engine::nn {

namespace {

// "relu", or "gated-" and the gate's activation. "gated-gelu" means the tanh approximation, though
// "gelu" does not: a slip of T5 1.1 that its models were trained with.
void read_feed_forward(ConfigReader& reader, T5Config& c) {
  constexpr std::string_view kGated = "gated-";
  const auto text = reader.text("feed_forward_proj", "relu");
  std::string_view name = text;
  c.is_gated = name.substr(0, kGated.size()) == kGated;
  if (c.is_gated) name.remove_prefix(kGated.size());
  const auto found = text == "gated-gelu" ? Activation::GeluTanh : find_activation(name);
  if (!found) reader.add_unsupported("feed_forward_proj", text);
  c.activation = found.value_or(c.activation);
}

// Like every config of transformers this one holds dozens of keys about training and text
// generation, so unknown ones are passed over.
T5Config parse(ConfigReader& reader) {
  T5Config c;
  for (const auto& architecture : reader.texts("architectures", {"T5EncoderModel"})) {
    // The whole T5 has the same encoder in it.
    if (architecture != "T5EncoderModel" && architecture != "T5ForConditionalGeneration") {
      reader.add_unsupported("architectures", architecture);
    }
  }
  c.vocab_size = reader.integer("vocab_size", c.vocab_size);
  c.d_model = reader.integer("d_model", c.d_model);
  c.d_kv = reader.integer("d_kv", c.d_kv);
  c.d_ff = reader.integer("d_ff", c.d_ff);
  c.num_layers = reader.integer("num_layers", c.num_layers);
  c.num_heads = reader.integer("num_heads", c.num_heads);
  // Half of the buckets are for either direction, half of those for single distances.
  c.relative_attention_num_buckets =
      reader.integer("relative_attention_num_buckets", c.relative_attention_num_buckets, 4);
  c.relative_attention_max_distance =
      reader.integer("relative_attention_max_distance", c.relative_attention_max_distance);
  if (c.relative_attention_max_distance <= c.relative_attention_num_buckets / 4) {
    reader.add_broken(fmt::format(
        "relative_attention_max_distance {} leaves nothing for the far half of {} buckets",
        c.relative_attention_max_distance, c.relative_attention_num_buckets));
  }
  c.layer_norm_epsilon = reader.number("layer_norm_epsilon", c.layer_norm_epsilon);
  read_feed_forward(reader, c);
  return c;
}

}  // namespace

Result<T5Config> T5Config::read(const nlohmann::json& config) {
  ConfigReader reader(config);
  auto parsed = parse(reader);
  FURROW_TRY_VOID(reader.finish());
  return parsed;
}

std::vector<std::string> T5Config::unsupported(const nlohmann::json& config) {
  ConfigReader reader(config);
  parse(reader);
  return reader.unsupported();
}

}  // namespace furrow::engine::nn
