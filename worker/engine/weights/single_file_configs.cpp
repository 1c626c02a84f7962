#include "worker/engine/weights/single_file_configs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "worker/engine/weights/key_maps/name_set.h"

namespace furrow::engine::weights {

namespace {

using nlohmann::json;

// The tensors of one component under the names and in the shapes of a diffusers folder.
class Members {
 public:
  Members(const TensorShapes& tensors, const SingleFileMap& map, std::string_view component) {
    for (const auto& [name, shape] : tensors) {
      const auto place = map.place(name, shape);
      if (!place || place->component != component) continue;
      for (const auto& piece : place->pieces) add(piece, shape);
    }
  }

  bool has(std::string_view name) const { return shapes_.find(name) != shapes_.end(); }

  bool has_any(std::string_view prefix) const { return names_.has_any(prefix); }

  std::int64_t count(std::string_view list) const { return names_.count(list); }

  // A dimension of a tensor that the component must have; 1 when it has not, which is noted.
  std::int64_t dim(const std::string& name, std::size_t i) {
    const auto found = shapes_.find(name);
    if (found != shapes_.end() && i < found->second.size() && found->second[i] > 0) {
      return found->second[i];
    }
    if (!missing_) missing_ = name;
    return 1;
  }

  const std::optional<std::string>& missing() const { return missing_; }

 private:
  void add(const Piece& piece, Shape shape) {
    if (piece.rows != 0) shape.front() = piece.rows;
    if (piece.change == Change::Transpose) std::reverse(shape.begin(), shape.end());
    names_.insert(piece.name);
    shapes_.emplace(piece.name, std::move(shape));
  }

  TensorShapes shapes_;
  NameSet names_;
  std::optional<std::string> missing_;
};

// One number where all are the same, as configs have it.
json one_or_all(const std::vector<std::int64_t>& values) {
  const bool are_same =
      !values.empty() && std::all_of(values.begin(), values.end(),
                                     [&](std::int64_t value) { return value == values.front(); });
  return are_same ? json(values.front()) : json(values);
}

// All released models but the first have heads of 64; the first has eight heads everywhere.
constexpr std::int64_t kHeadWidth = 64;
constexpr std::int64_t kSd1Heads = 8;

json heads_of(const std::vector<std::int64_t>& channels, ModelFamily family) {
  if (family == ModelFamily::Sd1) return kSd1Heads;
  std::vector<std::int64_t> heads;
  for (const auto c : channels) heads.push_back(std::max<std::int64_t>(c / kHeadWidth, 1));
  return heads;
}

json unet_config(Members& members, const ModelTraits& traits) {
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> layers;
  std::vector<std::int64_t> depth;
  std::vector<std::string> down;
  std::vector<std::string> up;
  std::int64_t context = 0;
  const auto levels = members.count("down_blocks.");
  for (std::int64_t level = 0; level < levels; ++level) {
    const auto block = fmt::format("down_blocks.{}.", level);
    const auto attention = block + "attentions.0.";
    const bool has_attention = members.has_any(attention);
    channels.push_back(members.dim(block + "resnets.0.conv1.weight", 0));
    layers.push_back(members.count(block + "resnets."));
    depth.push_back(has_attention ? members.count(attention + "transformer_blocks.") : 1);
    down.emplace_back(has_attention ? "CrossAttnDownBlock2D" : "DownBlock2D");
    if (has_attention) {
      context = members.dim(attention + "transformer_blocks.0.attn2.to_k.weight", 1);
    }
  }
  // The last level's depth is the middle's too, even where that level has no attention, as in XL's
  // refiner.
  if (!down.empty() && down.back() == "DownBlock2D") {
    depth.back() =
        std::max<std::int64_t>(members.count("mid_block.attentions.0.transformer_blocks."), 1);
  }
  for (std::int64_t block = 0; block < levels; ++block) {
    const bool has_attention = members.has_any(fmt::format("up_blocks.{}.attentions.", block));
    up.emplace_back(has_attention ? "CrossAttnUpBlock2D" : "UpBlock2D");
  }
  json config = {{"_class_name", "UNet2DConditionModel"},
                 {"in_channels", members.dim("conv_in.weight", 1)},
                 {"out_channels", members.dim("conv_out.weight", 0)},
                 {"block_out_channels", channels},
                 {"layers_per_block", one_or_all(layers)},
                 {"down_block_types", down},
                 {"up_block_types", up},
                 {"transformer_layers_per_block", one_or_all(depth)},
                 {"cross_attention_dim", context},
                 {"attention_head_dim", heads_of(channels, traits.family)},
                 {"use_linear_projection", traits.family != ModelFamily::Sd1}};
  if (members.has("add_embedding.linear_1.weight")) {
    config["addition_embed_type"] = "text_time";
    config["addition_time_embed_dim"] = 256;
    config["projection_class_embeddings_input_dim"] =
        members.dim("add_embedding.linear_1.weight", 1);
  }
  return config;
}

struct LatentScale {
  double factor;
  double shift;
};

LatentScale latent_scale(ModelFamily family) {
  switch (family) {
    case ModelFamily::Sd1:
    case ModelFamily::Sd2:
      return {0.18215, 0};
    case ModelFamily::Sdxl:
    case ModelFamily::SdxlRefiner:
      return {0.13025, 0};
    case ModelFamily::Sd3:
      return {1.5305, 0.0609};
    case ModelFamily::Flux:
      return {0.3611, 0.1159};
  }
  return {1, 0};
}

json autoencoder_config(Members& members, const ModelTraits& traits) {
  std::vector<std::int64_t> channels;
  const auto levels = static_cast<std::size_t>(members.count("encoder.down_blocks."));
  for (std::size_t level = 0; level < levels; ++level) {
    channels.push_back(
        members.dim(fmt::format("encoder.down_blocks.{}.resnets.0.conv1.weight", level), 0));
  }
  const auto scale = latent_scale(traits.family);
  json config = {{"_class_name", "AutoencoderKL"},
                 {"in_channels", members.dim("encoder.conv_in.weight", 1)},
                 {"out_channels", members.dim("decoder.conv_out.weight", 0)},
                 {"down_block_types", std::vector<std::string>(levels, "DownEncoderBlock2D")},
                 {"up_block_types", std::vector<std::string>(levels, "UpDecoderBlock2D")},
                 {"block_out_channels", channels},
                 {"layers_per_block", members.count("encoder.down_blocks.0.resnets.")},
                 {"latent_channels", members.dim("decoder.conv_in.weight", 1)},
                 {"scaling_factor", scale.factor}};
  if (scale.shift != 0) config["shift_factor"] = scale.shift;
  if (!members.has("quant_conv.weight")) config["use_quant_conv"] = false;
  if (!members.has("post_quant_conv.weight")) config["use_post_quant_conv"] = false;
  return config;
}

json clip_config(Members& members, const ModelTraits& traits, std::string_view component) {
  const auto tokens = std::string("text_model.embeddings.token_embedding.weight");
  const auto width = members.dim(tokens, 1);
  // OpenAI's CLIP has the quick approximation of GELU, OpenCLIP GELU itself.
  const bool is_open_clip = component != "text_encoder" || traits.family == ModelFamily::Sd2;
  const bool projects = members.has("text_projection.weight");
  json config = {
      {"architectures", {projects ? "CLIPTextModelWithProjection" : "CLIPTextModel"}},
      {"vocab_size", members.dim(tokens, 0)},
      {"hidden_size", width},
      {"intermediate_size", members.dim("text_model.encoder.layers.0.mlp.fc1.weight", 0)},
      {"num_hidden_layers", members.count("text_model.encoder.layers.")},
      {"num_attention_heads", std::max<std::int64_t>(width / kHeadWidth, 1)},
      {"max_position_embeddings",
       members.dim("text_model.embeddings.position_embedding.weight", 0)},
      {"hidden_act", is_open_clip ? "gelu" : "quick_gelu"},
      {"eos_token_id", 2}};
  if (projects) config["projection_dim"] = members.dim("text_projection.weight", 0);
  return config;
}

json t5_config(Members& members) {
  const auto table =
      std::string(members.has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight");
  const auto attention = std::string("encoder.block.0.layer.0.SelfAttention.");
  const auto mlp = std::string("encoder.block.0.layer.1.DenseReluDense.");
  const bool is_gated = members.has(mlp + "wi_0.weight");
  const auto heads = members.dim(attention + "relative_attention_bias.weight", 1);
  return {{"architectures", {"T5EncoderModel"}},
          {"vocab_size", members.dim(table, 0)},
          {"d_model", members.dim(table, 1)},
          {"d_kv", members.dim(attention + "q.weight", 0) / std::max<std::int64_t>(heads, 1)},
          {"d_ff", members.dim(mlp + (is_gated ? "wi_0.weight" : "wi.weight"), 0)},
          {"num_layers", members.count("encoder.block.")},
          {"num_heads", heads},
          {"relative_attention_num_buckets",
           members.dim(attention + "relative_attention_bias.weight", 0)},
          {"feed_forward_proj", is_gated ? "gated-gelu" : "relu"}};
}

json mmdit_config(Members& members) {
  const auto width = members.dim("pos_embed.proj.weight", 0);
  const auto patch = members.dim("pos_embed.proj.weight", 2);
  const auto norm = std::string("transformer_blocks.0.attn.norm_q.weight");
  const bool norms_qk = members.has(norm);
  const auto head = norms_qk ? members.dim(norm, 0) : kHeadWidth;
  const auto places = static_cast<double>(members.dim("pos_embed.pos_embed", 1));
  const auto layers = members.count("transformer_blocks.");
  std::vector<std::int64_t> dual;
  for (std::int64_t i = 0; i < layers; ++i) {
    if (members.has_any(fmt::format("transformer_blocks.{}.attn2.", i))) dual.push_back(i);
  }
  return {
      {"_class_name", "SD3Transformer2DModel"},
      {"patch_size", patch},
      {"in_channels", members.dim("pos_embed.proj.weight", 1)},
      {"out_channels", members.dim("proj_out.weight", 0) / (patch * patch)},
      {"num_layers", layers},
      {"attention_head_dim", head},
      {"num_attention_heads", width / head},
      {"joint_attention_dim", members.dim("context_embedder.weight", 1)},
      {"caption_projection_dim", width},
      {"pooled_projection_dim", members.dim("time_text_embed.text_embedder.linear_1.weight", 1)},
      {"pos_embed_max_size", std::llround(std::sqrt(places))},
      {"dual_attention_layers", dual},
      {"qk_norm", norms_qk ? json("rms_norm") : json()}};
}

json flux_config(Members& members) {
  const auto head = members.dim("transformer_blocks.0.attn.norm_q.weight", 0);
  return {
      {"_class_name", "FluxTransformer2DModel"},
      {"in_channels", members.dim("x_embedder.weight", 1)},
      {"out_channels", members.dim("proj_out.weight", 0)},
      {"num_layers", members.count("transformer_blocks.")},
      {"num_single_layers", members.count("single_transformer_blocks.")},
      {"attention_head_dim", head},
      {"num_attention_heads", members.dim("x_embedder.weight", 0) / head},
      {"joint_attention_dim", members.dim("context_embedder.weight", 1)},
      {"pooled_projection_dim", members.dim("time_text_embed.text_embedder.linear_1.weight", 1)},
      {"guidance_embeds", members.has("time_text_embed.guidance_embedder.linear_1.weight")}};
}

json config_of(Members& members, const ModelTraits& traits, std::string_view component) {
  if (component == "unet") return unet_config(members, traits);
  if (component == "vae") return autoencoder_config(members, traits);
  if (component == "transformer") {
    return traits.family == ModelFamily::Flux ? flux_config(members) : mmdit_config(members);
  }
  return members.has_any("encoder.block.") ? t5_config(members)
                                           : clip_config(members, traits, component);
}

}  // namespace

Result<json> infer_config(const TensorShapes& tensors, const SingleFileMap& map,
                          std::string_view component) {
  Members members(tensors, map, component);
  auto config = config_of(members, map.traits(), component);
  if (members.missing()) {
    return fail(ErrorKind::Invalid,
                fmt::format("its {} lacks the tensor {}", component, *members.missing()));
  }
  return config;
}

}  // namespace furrow::engine::weights
