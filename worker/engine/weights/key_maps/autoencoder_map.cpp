#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "worker/engine/weights/key_maps/stable_diffusion_maps.h"

namespace furrow::engine::weights {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;  // original, member

constexpr std::array<Pair, 5> kAttentionParts = {{
    {"norm", "group_norm"},
    {"q", "to_q"},
    {"k", "to_k"},
    {"v", "to_v"},
    {"proj_out", "to_out.0"},
}};

constexpr std::array<std::string_view, 5> kResnetParts = {"norm1", "conv1", "norm2", "conv2",
                                                          "nin_shortcut"};

void add(std::vector<ModuleNames>& names, std::string original, std::string member) {
  names.push_back({std::move(original), {std::move(member)}, {}, Change::None});
}

void add_resnet(std::vector<ModuleNames>& names, const std::string& original,
                const std::string& member) {
  for (const auto part : kResnetParts) {
    add(names, fmt::format("{}.{}", original, part),
        fmt::format("{}.{}", member, part == "nin_shortcut" ? "conv_shortcut" : part));
  }
}

// What encoder and decoder have alike: `half` is either's name.
void add_half(std::vector<ModuleNames>& names, std::string_view half) {
  const auto at = [&](std::string_view name) { return fmt::format("{}.{}", half, name); };
  add(names, at("conv_in"), at("conv_in"));
  add(names, at("norm_out"), at("conv_norm_out"));
  add(names, at("conv_out"), at("conv_out"));
  add_resnet(names, at("mid.block_1"), at("mid_block.resnets.0"));
  add_resnet(names, at("mid.block_2"), at("mid_block.resnets.1"));
  for (const auto& [original, member] : kAttentionParts) {
    add(names, fmt::format("{}.mid.attn_1.{}", half, original),
        fmt::format("{}.mid_block.attentions.0.{}", half, member));
  }
}

}  // namespace

ModuleMap autoencoder_map(const NameSet& originals) {
  std::vector<ModuleNames> names;
  add(names, "quant_conv", "quant_conv");
  add(names, "post_quant_conv", "post_quant_conv");
  names.push_back({"loss", {}, {}, Change::None});  // the discriminator it was trained against
  add_half(names, "encoder");
  add_half(names, "decoder");
  const auto levels = originals.count("encoder.down.");
  for (std::int64_t level = 0; level < levels; ++level) {
    const auto original = fmt::format("encoder.down.{}", level);
    const auto member = fmt::format("encoder.down_blocks.{}", level);
    const auto resnets = originals.count(original + ".block.");
    for (std::int64_t i = 0; i < resnets; ++i) {
      add_resnet(names, fmt::format("{}.block.{}", original, i),
                 fmt::format("{}.resnets.{}", member, i));
    }
    add(names, original + ".downsample.conv", member + ".downsamplers.0.conv");
  }
  const auto up_levels = originals.count("decoder.up.");
  for (std::int64_t level = 0; level < up_levels; ++level) {
    const auto original = fmt::format("decoder.up.{}", level);
    const auto member = fmt::format("decoder.up_blocks.{}", up_levels - 1 - level);
    const auto resnets = originals.count(original + ".block.");
    for (std::int64_t i = 0; i < resnets; ++i) {
      add_resnet(names, fmt::format("{}.block.{}", original, i),
                 fmt::format("{}.resnets.{}", member, i));
    }
    add(names, original + ".upsample.conv", member + ".upsamplers.0.conv");
  }
  return ModuleMap(std::move(names));
}

}  // namespace furrow::engine::weights
