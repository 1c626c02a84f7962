#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/weights/key_maps/stable_diffusion_maps.h"

namespace furrow::engine::weights {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;  // original, member

constexpr std::array<Pair, 5> kOpenClipLayer = {{
    {"ln_1", "layer_norm1"},
    {"ln_2", "layer_norm2"},
    {"mlp.c_fc", "mlp.fc1"},
    {"mlp.c_proj", "mlp.fc2"},
    {"attn.out_proj", "self_attn.out_proj"},
}};

ModuleNames one(std::string original, std::string member, Change change = Change::None) {
  return {std::move(original), {std::move(member)}, {}, change};
}

ModuleNames none(std::string original) {
  return {std::move(original), {}, {}, Change::None};
}

void add_open_clip_layer(std::vector<ModuleNames>& names, std::int64_t i) {
  const auto original = fmt::format("transformer.resblocks.{}", i);
  const auto member = fmt::format("text_model.encoder.layers.{}", i);
  for (const auto& [from, to] : kOpenClipLayer) {
    names.push_back(one(fmt::format("{}.{}", original, from), fmt::format("{}.{}", member, to)));
  }
  for (const auto* tensor : {"weight", "bias"}) {
    const auto projection = [&](std::string_view which) {
      return fmt::format("{}.self_attn.{}_proj.{}", member, which, tensor);
    };
    names.push_back({fmt::format("{}.attn.in_proj_{}", original, tensor),
                     {projection("q"), projection("k"), projection("v")},
                     {},
                     Change::None});
  }
}

}  // namespace

ModuleMap clip_text_map() {
  std::vector<ModuleNames> names;
  for (const auto* prefix : {"text_model.", ""}) {
    // A buffer of the numbers 0 to 76.
    names.push_back(none(fmt::format("{}embeddings.position_ids", prefix)));
    for (const auto* module : {"embeddings", "encoder", "final_layer_norm"}) {
      names.push_back(
          one(fmt::format("{}{}", prefix, module), fmt::format("text_model.{}", module)));
    }
  }
  names.push_back(one("text_projection", "text_projection"));
  names.push_back(none("logit_scale"));
  return ModuleMap(std::move(names));
}

ModuleMap open_clip_map(const NameSet& originals, OpenClipUse use) {
  std::vector<ModuleNames> names = {
      one("token_embedding", "text_model.embeddings.token_embedding"),
      one("positional_embedding", "text_model.embeddings.position_embedding.weight"),
      one("ln_final", "text_model.final_layer_norm"),
      none("logit_scale"),
      none("attn_mask"),
  };
  auto layers = originals.count("transformer.resblocks.");
  // Files that were made from a diffusers folder lack what the reference never runs: they have no
  // projection, and no layer too many.
  if (use == OpenClipUse::Penultimate && originals.has_any("text_projection")) {
    names.push_back(none("text_projection"));
    names.push_back(none(fmt::format("transformer.resblocks.{}", --layers)));
  }
  if (use == OpenClipUse::Whole) {
    // A parameter that is multiplied from the right, or a linear layer.
    names.push_back(one("text_projection", "text_projection.weight", Change::Transpose));
    names.push_back(one("text_projection.weight", "text_projection.weight"));
  }
  for (std::int64_t i = 0; i < layers; ++i) add_open_clip_layer(names, i);
  return ModuleMap(std::move(names));
}

ModuleMap t5_map() {
  return ModuleMap({one("encoder", "encoder"), one("shared", "shared")});
}

}  // namespace furrow::engine::weights
