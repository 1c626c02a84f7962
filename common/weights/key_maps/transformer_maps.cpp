#include "common/weights/key_maps/transformer_maps.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace furrow::engine::weights {

namespace {

// Collects entries below a pair of prefixes.
class Builder {
 public:
  void below(std::string original, std::string member) {
    original_ = std::move(original);
    member_ = std::move(member);
  }

  void add(std::string_view original, std::string_view member, Change change = Change::None) {
    names_.push_back(
        {original_ + std::string(original), {member_ + std::string(member)}, {}, change});
  }

  void add_fused(std::string_view original, const std::vector<std::string_view>& members,
                 std::vector<std::int64_t> rows = {}) {
    ModuleNames names{original_ + std::string(original), {}, std::move(rows), Change::None};
    for (const auto member : members) names.members.push_back(member_ + std::string(member));
    names_.push_back(std::move(names));
  }

  ModuleMap finish() { return ModuleMap(std::move(names_)); }

 private:
  std::string original_;
  std::string member_;
  std::vector<ModuleNames> names_;
};

void add_flux_double_block(Builder& builder, std::int64_t i) {
  builder.below(fmt::format("double_blocks.{}.", i), fmt::format("transformer_blocks.{}.", i));
  builder.add("img_mod.lin", "norm1.linear");
  builder.add("img_attn.norm.query_norm.scale", "attn.norm_q.weight");
  builder.add("img_attn.norm.key_norm.scale", "attn.norm_k.weight");
  builder.add_fused("img_attn.qkv", {"attn.to_q", "attn.to_k", "attn.to_v"});
  builder.add("img_attn.proj", "attn.to_out.0");
  builder.add("img_mlp.0", "ff.net.0.proj");
  builder.add("img_mlp.2", "ff.net.2");
  builder.add("txt_mod.lin", "norm1_context.linear");
  builder.add("txt_attn.norm.query_norm.scale", "attn.norm_added_q.weight");
  builder.add("txt_attn.norm.key_norm.scale", "attn.norm_added_k.weight");
  builder.add_fused("txt_attn.qkv", {"attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"});
  builder.add("txt_attn.proj", "attn.to_add_out");
  builder.add("txt_mlp.0", "ff_context.net.0.proj");
  builder.add("txt_mlp.2", "ff_context.net.2");
}

void add_flux_single_block(Builder& builder, std::int64_t i, std::int64_t width) {
  builder.below(fmt::format("single_blocks.{}.", i),
                fmt::format("single_transformer_blocks.{}.", i));
  builder.add("modulation.lin", "norm.linear");
  builder.add("norm.query_norm.scale", "attn.norm_q.weight");
  builder.add("norm.key_norm.scale", "attn.norm_k.weight");
  // Attention and MLP run side by side: one linear in, one out.
  builder.add_fused("linear1", {"attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"},
                    {width, width, width, 0});
  builder.add("linear2", "proj_out");
}

void add_sd3_block(Builder& builder, std::int64_t i, bool is_last) {
  builder.below(fmt::format("joint_blocks.{}.x_block.", i),
                fmt::format("transformer_blocks.{}.", i));
  builder.add("adaLN_modulation.1", "norm1.linear");
  builder.add_fused("attn.qkv", {"attn.to_q", "attn.to_k", "attn.to_v"});
  builder.add("attn.ln_q", "attn.norm_q");
  builder.add("attn.ln_k", "attn.norm_k");
  builder.add("attn.proj", "attn.to_out.0");
  builder.add_fused("attn2.qkv", {"attn2.to_q", "attn2.to_k", "attn2.to_v"});
  builder.add("attn2.ln_q", "attn2.norm_q");
  builder.add("attn2.ln_k", "attn2.norm_k");
  builder.add("attn2.proj", "attn2.to_out.0");
  builder.add("mlp.fc1", "ff.net.0.proj");
  builder.add("mlp.fc2", "ff.net.2");
  builder.below(fmt::format("joint_blocks.{}.context_block.", i),
                fmt::format("transformer_blocks.{}.", i));
  // Nothing comes after the last block's text, so it has a shift and a scale only, which diffusers
  // keeps in the other order.
  builder.add("adaLN_modulation.1", "norm1_context.linear",
              is_last ? Change::SwapHalves : Change::None);
  builder.add_fused("attn.qkv", {"attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"});
  builder.add("attn.ln_q", "attn.norm_added_q");
  builder.add("attn.ln_k", "attn.norm_added_k");
  builder.add("attn.proj", "attn.to_add_out");
  builder.add("mlp.fc1", "ff_context.net.0.proj");
  builder.add("mlp.fc2", "ff_context.net.2");
}

void add_final_layer(Builder& builder) {
  builder.add("final_layer.linear", "proj_out");
  // Shift, then scale; diffusers has the scale first.
  builder.add("final_layer.adaLN_modulation.1", "norm_out.linear", Change::SwapHalves);
}

}  // namespace

FluxBlocks FluxBlocks::of_original(const NameSet& names, std::int64_t width) {
  return {names.count("double_blocks."), names.count("single_blocks."), width};
}

FluxBlocks FluxBlocks::of_members(const NameSet& names, std::int64_t width) {
  return {names.count("transformer_blocks."), names.count("single_transformer_blocks."), width};
}

ModuleMap flux_map(const FluxBlocks& blocks) {
  Builder builder;
  builder.add("img_in", "x_embedder");
  builder.add("txt_in", "context_embedder");
  builder.add("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1");
  builder.add("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2");
  builder.add("vector_in.in_layer", "time_text_embed.text_embedder.linear_1");
  builder.add("vector_in.out_layer", "time_text_embed.text_embedder.linear_2");
  builder.add("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1");
  builder.add("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2");
  add_final_layer(builder);
  for (std::int64_t i = 0; i < blocks.double_blocks; ++i) add_flux_double_block(builder, i);
  for (std::int64_t i = 0; i < blocks.single_blocks; ++i) {
    add_flux_single_block(builder, i, blocks.width);
  }
  return builder.finish();
}

ModuleMap sd3_map(std::int64_t blocks) {
  Builder builder;
  builder.add("x_embedder.proj", "pos_embed.proj");
  builder.add("pos_embed", "pos_embed.pos_embed");
  builder.add("context_embedder", "context_embedder");
  builder.add("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1");
  builder.add("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2");
  builder.add("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1");
  builder.add("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2");
  add_final_layer(builder);
  for (std::int64_t i = 0; i < blocks; ++i) add_sd3_block(builder, i, i + 1 == blocks);
  return builder.finish();
}

std::int64_t sd3_blocks_of_original(const NameSet& names) {
  return names.count("joint_blocks.");
}

std::int64_t sd3_blocks_of_members(const NameSet& names) {
  return names.count("transformer_blocks.");
}

}  // namespace furrow::engine::weights
