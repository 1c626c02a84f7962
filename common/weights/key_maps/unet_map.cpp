#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/weights/key_maps/stable_diffusion_maps.h"

namespace furrow::engine::weights {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;  // original, member

constexpr std::array<Pair, 6> kResnetParts = {{
    {"in_layers.0", "norm1"},
    {"in_layers.2", "conv1"},
    {"emb_layers.1", "time_emb_proj"},
    {"out_layers.0", "norm2"},
    {"out_layers.3", "conv2"},
    {"skip_connection", "conv_shortcut"},
}};

constexpr std::array<Pair, 8> kSingleModules = {{
    {"time_embed.0", "time_embedding.linear_1"},
    {"time_embed.2", "time_embedding.linear_2"},
    // In XL the size and crop of the picture and the pooled prompt.
    {"label_emb.0.0", "add_embedding.linear_1"},
    {"label_emb.0.2", "add_embedding.linear_2"},
    {"input_blocks.0.0", "conv_in"},
    {"out.0", "conv_norm_out"},
    {"out.2", "conv_out"},
    {"middle_block.1", "mid_block.attentions.0"},
}};

class Builder {
 public:
  void add(std::string original, std::string member) {
    names_.push_back({std::move(original), {std::move(member)}, {}, Change::None});
  }

  void add_resnet(const std::string& original, const std::string& member) {
    for (const auto& [from, to] : kResnetParts) {
      add(fmt::format("{}.{}", original, from), fmt::format("{}.{}", member, to));
    }
  }

  ModuleMap finish() { return ModuleMap(std::move(names_)); }

 private:
  std::vector<ModuleNames> names_;
};

void add_down_blocks(Builder& builder, const UNetBlocks& blocks) {
  std::int64_t n = 1;  // input_blocks.0 is the first convolution
  for (std::size_t level = 0; level < blocks.down.size(); ++level) {
    for (std::int64_t i = 0; i < blocks.down[level].resnets; ++i, ++n) {
      builder.add_resnet(fmt::format("input_blocks.{}.0", n),
                         fmt::format("down_blocks.{}.resnets.{}", level, i));
      builder.add(fmt::format("input_blocks.{}.1", n),
                  fmt::format("down_blocks.{}.attentions.{}", level, i));
    }
    if (!blocks.down[level].has_downsampler) continue;
    builder.add(fmt::format("input_blocks.{}.0.op", n++),
                fmt::format("down_blocks.{}.downsamplers.0.conv", level));
  }
}

void add_up_blocks(Builder& builder, const UNetBlocks& blocks) {
  std::int64_t n = 0;
  for (std::size_t block = 0; block < blocks.up.size(); ++block) {
    const auto& up = blocks.up[block];
    for (std::int64_t i = 0; i < up.resnets; ++i, ++n) {
      builder.add_resnet(fmt::format("output_blocks.{}.0", n),
                         fmt::format("up_blocks.{}.resnets.{}", block, i));
      if (up.has_attentions) {
        builder.add(fmt::format("output_blocks.{}.1", n),
                    fmt::format("up_blocks.{}.attentions.{}", block, i));
      }
    }
    if (!up.has_upsampler) continue;
    // It stands in the level's last block, behind whatever else is there.
    builder.add(fmt::format("output_blocks.{}.{}.conv", n - 1, up.has_attentions ? 2 : 1),
                fmt::format("up_blocks.{}.upsamplers.0.conv", block));
  }
}

}  // namespace

UNetBlocks UNetBlocks::of_original(const NameSet& names) {
  UNetBlocks blocks;
  blocks.down.emplace_back();
  const auto inputs = names.count("input_blocks.");
  for (std::int64_t n = 1; n < inputs; ++n) {
    if (names.has_any(fmt::format("input_blocks.{}.0.op.", n))) {
      blocks.down.back().has_downsampler = true;
      blocks.down.emplace_back();
    } else {
      ++blocks.down.back().resnets;
    }
  }
  blocks.up.emplace_back();
  const auto outputs = names.count("output_blocks.");
  for (std::int64_t n = 0; n < outputs; ++n) {
    auto& up = blocks.up.back();
    ++up.resnets;
    up.has_attentions = names.has_any(fmt::format("output_blocks.{}.1.norm.", n));
    const auto upsampler = fmt::format("output_blocks.{}.{}.conv.", n, up.has_attentions ? 2 : 1);
    if (!names.has_any(upsampler)) continue;
    up.has_upsampler = true;
    blocks.up.emplace_back();
  }
  return blocks;
}

UNetBlocks UNetBlocks::of_members(const NameSet& names) {
  UNetBlocks blocks;
  const auto downs = names.count("down_blocks.");
  for (std::int64_t level = 0; level < downs; ++level) {
    const auto prefix = fmt::format("down_blocks.{}.", level);
    blocks.down.push_back(
        {names.count(prefix + "resnets."), names.has_any(prefix + "downsamplers.")});
  }
  const auto ups = names.count("up_blocks.");
  for (std::int64_t block = 0; block < ups; ++block) {
    const auto prefix = fmt::format("up_blocks.{}.", block);
    blocks.up.push_back({names.count(prefix + "resnets."), names.has_any(prefix + "attentions."),
                         names.has_any(prefix + "upsamplers.")});
  }
  return blocks;
}

ModuleMap unet_map(const UNetBlocks& blocks) {
  Builder builder;
  for (const auto& [original, member] : kSingleModules) {
    builder.add(std::string(original), std::string(member));
  }
  builder.add_resnet("middle_block.0", "mid_block.resnets.0");
  builder.add_resnet("middle_block.2", "mid_block.resnets.1");
  add_down_blocks(builder, blocks);
  add_up_blocks(builder, blocks);
  return builder.finish();
}

}  // namespace furrow::engine::weights
