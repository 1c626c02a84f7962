#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/weights/key_maps/stable_diffusion_maps.h"

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

// The levels of the encoder ("down") or the decoder ("up"), which the original counts from the
// finest and a diffusers folder in the order in which they are run.
void add_levels(std::vector<ModuleNames>& names, const NameSet& originals, std::string_view way) {
  const bool is_up = way == "up";
  const std::string half = is_up ? "decoder" : "encoder";
  const auto levels = originals.count(fmt::format("{}.{}.", half, way));
  for (std::int64_t level = 0; level < levels; ++level) {
    const auto original = fmt::format("{}.{}.{}", half, way, level);
    const auto member =
        fmt::format("{}.{}_blocks.{}", half, way, is_up ? levels - 1 - level : level);
    const auto resnets = originals.count(original + ".block.");
    for (std::int64_t i = 0; i < resnets; ++i) {
      add_resnet(names, fmt::format("{}.block.{}", original, i),
                 fmt::format("{}.resnets.{}", member, i));
    }
    add(names, fmt::format("{}.{}sample.conv", original, way),
        fmt::format("{}.{}samplers.0.conv", member, way));
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
  add_levels(names, originals, "down");
  add_levels(names, originals, "up");
  return ModuleMap(std::move(names));
}

ModuleMap autoencoder_members_map() {
  std::vector<ModuleNames> names;
  for (const char* part : {"encoder", "decoder", "quant_conv", "post_quant_conv"})
    add(names, part, part);
  return ModuleMap(std::move(names));
}

}  // namespace furrow::engine::weights
