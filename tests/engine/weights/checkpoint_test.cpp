#include "worker/engine/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/weights/safetensors_writer.h"

namespace furrow::engine::weights {

namespace {

using testing::HasSubstr;

constexpr auto kStem = "diffusion_pytorch_model";

TEST(Checkpoint, TiesShardsTogetherByTheirIndex) {
  const TestFolder folder;
  folder.write("m-1.safetensors", safetensors_bytes({counting_tensor("a", {2})}));
  folder.write("m-2.safetensors", safetensors_bytes({counting_tensor("b", {3})}));
  folder.write("diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}})");

  const auto checkpoint = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  ASSERT_NE(checkpoint->find("b"), nullptr);
  EXPECT_EQ(checkpoint->find("b")->file.filename(), "m-2.safetensors");
  EXPECT_EQ(checkpoint->entries().size(), 2u);
}

TEST(Checkpoint, AnIndexMayNotNameWhatIsNotThere) {
  const TestFolder folder;
  folder.write("m-1.safetensors", safetensors_bytes({counting_tensor("a", {2})}));
  folder.write("diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors"}})");

  const auto checkpoint = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("tensor \"b\" is in m-1.safetensors"));
}

TEST(Checkpoint, AMissingShardIsNotFound) {
  const TestFolder folder;
  folder.write("diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map":{"a":"m-1.safetensors"}})");

  const auto checkpoint = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_EQ(checkpoint.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("m-1.safetensors"));
}

TEST(Checkpoint, AnIndexDoesNotReachOutOfItsFolder) {
  const TestFolder folder;
  folder.write("diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map":{"a":"../../secret.safetensors"}})");

  const auto checkpoint = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("is not the name of a file beside it"));
}

TEST(Checkpoint, PicklesAreRefusedWithTheReason) {
  const TestFolder folder;
  folder.write("diffusion_pytorch_model.bin", "pickle");
  folder.write("model.ckpt", "pickle");

  const auto folder_of_pickles = Checkpoint::open(folder.path(), kStem, same_key);
  const auto pickle = Checkpoint::open_file(folder.path() / "model.ckpt", same_key);

  ASSERT_FALSE(folder_of_pickles);
  ASSERT_FALSE(pickle);
  EXPECT_THAT(folder_of_pickles.error().message, HasSubstr("diffusion_pytorch_model.bin"));
  EXPECT_THAT(folder_of_pickles.error().message, HasSubstr("runs whatever program is inside"));
  EXPECT_THAT(pickle.error().message, HasSubstr("runs whatever program is inside"));
}

TEST(Checkpoint, AnEmptyFolderSaysWhatItLookedFor) {
  const TestFolder folder;

  const auto checkpoint = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_EQ(checkpoint.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("diffusion_pytorch_model.safetensors"));
}

TEST(Checkpoint, TwoNamesOfOneWeightAreRefused) {
  const TestFolder folder;
  const auto path = folder.write(
      "m.safetensors",
      safetensors_bytes({counting_tensor("text_model.a", {2}), counting_tensor("a", {2})}));

  const auto checkpoint = Checkpoint::open_file(path, clip_text_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("are the same weight"));
}

TEST(KeyMaps, GiveOldNamesTheirMembers) {
  EXPECT_EQ(clip_text_key("text_model.final_layer_norm.bias"), "final_layer_norm.bias");
  EXPECT_EQ(clip_text_key("text_projection.weight"), "text_projection.weight");
  EXPECT_EQ(autoencoder_key("encoder.mid_block.attentions.0.query.weight"),
            "encoder.mid_block.attentions.0.to_q.weight");
  EXPECT_EQ(autoencoder_key("decoder.mid_block.attentions.0.proj_attn.bias"),
            "decoder.mid_block.attentions.0.to_out.0.bias");
  EXPECT_EQ(autoencoder_key("decoder.conv_in.weight"), "decoder.conv_in.weight");
}

}  // namespace

}  // namespace furrow::engine::weights
