#include "worker/engine/weights/single_file_configs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::weights {

namespace {

// A UNet's tensors, as far as its config is read from them, in the original layout: a level for
// each entry, of one resnet and with so many transformer blocks; 0: without attention.
class UNetFile {
 public:
  UNetFile(const std::vector<int>& depth, int middle_depth) {
    constexpr std::int64_t kWidth = 64;
    add("input_blocks.0.0.weight", {kWidth, 4, 3, 3});
    add("out.2.weight", {4, kWidth, 3, 3});
    add("label_emb.0.0.weight", {256, 2560});
    int block = 1;
    for (std::size_t level = 0; level < depth.size(); ++level) {
      if (level != 0) add(block_name("input", block++) + "0.op.weight", {kWidth, kWidth, 3, 3});
      add_blocks(block_name("input", block), depth[level]);
      add(block_name("input", block++) + "0.in_layers.2.weight", {kWidth, kWidth, 3, 3});
    }
    add_blocks("middle_block.", middle_depth);
    for (std::size_t level = depth.size(); level-- > 0;) {
      const auto output = block_name("output", static_cast<int>(depth.size() - 1 - level));
      add(output + "0.in_layers.2.weight", {kWidth, kWidth, 3, 3});
      add_blocks(output, depth[level]);
      if (level != 0) add(output + (depth[level] == 0 ? "1" : "2") + ".conv.weight", {kWidth});
    }
  }

  nlohmann::json config() const {
    const auto map = SingleFileMap::of(tensors_);
    EXPECT_TRUE(map) << map.error().message;
    const auto config = infer_config(tensors_, *map, "unet");
    EXPECT_TRUE(config) << config.error().message;
    return config ? *config : nlohmann::json();
  }

 private:
  static std::string block_name(const char* half, int index) {
    return std::string(half) + "_blocks." + std::to_string(index) + ".";
  }

  void add(const std::string& name, const Shape& shape) {
    tensors_.emplace("model.diffusion_model." + name, shape);
  }

  void add_blocks(const std::string& place, int depth) {
    if (depth == 0) return;
    add(place + "1.norm.weight", {64});
    add(place + "1.proj_in.weight", {64, 64});
    for (int i = 0; i < depth; ++i) {
      add(place + "1.transformer_blocks." + std::to_string(i) + ".attn2.to_k.weight", {64, 1280});
    }
  }

  TensorShapes tensors_;
};

TEST(SingleFileConfigs, OfTheXlRefinerHaveTheDepthOfItsMiddle) {
  const auto config = UNetFile({0, 4, 4, 0}, 4).config();

  // diffusers takes the last level's for the middle, though that level has no attention.
  EXPECT_EQ(config.at("transformer_layers_per_block").back(), 4);
  EXPECT_EQ(config.at("down_block_types"), nlohmann::json({"DownBlock2D", "CrossAttnDownBlock2D",
                                                           "CrossAttnDownBlock2D", "DownBlock2D"}));
  EXPECT_EQ(config.at("cross_attention_dim"), 1280);
}

TEST(SingleFileConfigs, OfXlHaveADepthForEachLevel) {
  EXPECT_EQ(UNetFile({0, 2, 10}, 10).config().at("transformer_layers_per_block"),
            nlohmann::json({1, 2, 10}));
}

TEST(SingleFileConfigs, WithoutAnyAttentionTheDepthIsOne) {
  EXPECT_EQ(UNetFile({2, 0}, 0).config().at("transformer_layers_per_block"),
            nlohmann::json({2, 1}));
}

}  // namespace

}  // namespace furrow::engine::weights
