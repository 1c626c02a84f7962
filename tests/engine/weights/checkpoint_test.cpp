#include "worker/engine/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/weights/safetensors_writer.h"
#include "tests/weights/torch_file_writer.h"
#include "worker/engine/weights/upscaler_keys.h"

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

/// {"KEY": {"w": a tensor of two floats}} as torch.save writes it.
std::string torch_file_of(std::string_view key) {
  PickleWriter pickle;
  pickle.op('}').text(key).op('}').text("w");
  pickle.tensor("FloatStorage", "0", 2, 0, {2}, {1}).op('s').op('s');
  return torch_zip_bytes(pickle.bytes(), {{"0", counting_floats(2)}});
}

TEST(Checkpoint, TakesTheStateDictOutOfAFileOfTorchSave) {
  const TestFolder folder;
  for (const auto* key : {"params_ema", "params", "state_dict"}) {
    const auto checkpoint =
        Checkpoint::open_file(folder.write("m.pth", torch_file_of(key)), same_key);

    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_NE(checkpoint->find("w"), nullptr) << key;
  }
}

TEST(Checkpoint, PrefersSafetensorsToFilesOfTorchSave) {
  const TestFolder folder;
  folder.write("diffusion_pytorch_model.bin", torch_file_of("state_dict"));
  const auto pickled = Checkpoint::open(folder.path(), kStem, same_key);
  folder.write("diffusion_pytorch_model.safetensors",
               safetensors_bytes({counting_tensor("a", {2})}));
  const auto plain = Checkpoint::open(folder.path(), kStem, same_key);

  ASSERT_TRUE(pickled) << pickled.error().message;
  EXPECT_NE(pickled->find("w"), nullptr);
  ASSERT_TRUE(plain);
  EXPECT_NE(plain->find("a"), nullptr);
  EXPECT_EQ(plain->find("w"), nullptr);
}

TEST(Checkpoint, AHostilePickleIsRefusedByName) {
  const TestFolder folder;
  PickleWriter pickle;
  pickle.global("os", "system").text("true").op('\x85').op('R');
  folder.write("pytorch_model.bin", torch_zip_bytes(pickle.bytes(), {}));

  const auto checkpoint = Checkpoint::open(folder.path(), "model", same_key);

  ASSERT_FALSE(checkpoint);
  EXPECT_THAT(checkpoint.error().message, HasSubstr("pytorch_model.bin"));
  EXPECT_THAT(checkpoint.error().message, HasSubstr("os.system"));
}

TEST(Checkpoint, SeveralFilesMakeOneNetwork) {
  const TestFolder folder;
  const auto encoder =
      folder.write("e.safetensors", safetensors_bytes({counting_tensor("0.weight", {2})}));
  const auto decoder =
      folder.write("d.safetensors", safetensors_bytes({counting_tensor("1.weight", {2})}));

  const auto checkpoint =
      Checkpoint::open_files({{encoder, taesd_encoder_key}, {decoder, taesd_decoder_key}});
  const auto twice =
      Checkpoint::open_files({{encoder, taesd_encoder_key}, {encoder, taesd_encoder_key}});

  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_NE(checkpoint->find("encoder.layers.0.weight"), nullptr);
  EXPECT_NE(checkpoint->find("decoder.layers.0.weight"), nullptr);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("are the same weight"));
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

TEST(KeyMaps, GiveTheLayersOfTheSmallVaeTheirNumbers) {
  EXPECT_EQ(taesd_encoder_key("1.conv.0.bias"), "encoder.layers.1.conv.0.bias");
  EXPECT_EQ(taesd_decoder_key("19.weight"), "decoder.layers.18.weight");
  EXPECT_EQ(taesd_decoder_key("0.weight"), "decoder.layers.0.weight");
  EXPECT_EQ(taesd_decoder_key("x"), "decoder.layers.x");
}

TEST(KeyMaps, GiveAllThreeNamesOfEsrganToday) {
  const std::vector<std::string> numbered = {"model.0.weight", "model.10.weight"};
  const auto first = upscaler_key_map(numbered);
  const auto second = upscaler_key_map({"trunk_conv.bias"});

  EXPECT_EQ(first("model.0.weight"), "conv_first.weight");
  EXPECT_EQ(first("model.1.sub.7.RDB2.conv3.0.bias"), "body.7.rdb2.conv3.bias");
  EXPECT_EQ(first("model.1.sub.23.weight"), "conv_body.weight");
  EXPECT_EQ(first("model.3.weight"), "conv_up1.weight");
  EXPECT_EQ(first("model.6.weight"), "conv_up2.weight");
  EXPECT_EQ(first("model.8.weight"), "conv_hr.weight");
  EXPECT_EQ(first("model.10.weight"), "conv_last.weight");
  EXPECT_EQ(first("model.5.weight"), "model.5.weight");
  EXPECT_EQ(second("RRDB_trunk.7.RDB2.conv3.bias"), "body.7.rdb2.conv3.bias");
  EXPECT_EQ(second("trunk_conv.bias"), "conv_body.bias");
  EXPECT_EQ(second("upconv2.weight"), "conv_up2.weight");
  EXPECT_EQ(second("HRconv.weight"), "conv_hr.weight");
  EXPECT_EQ(second("conv_last.weight"), "conv_last.weight");
  EXPECT_EQ(second("body.0.rdb1.conv1.weight"), "body.0.rdb1.conv1.weight");
}

}  // namespace

}  // namespace furrow::engine::weights
