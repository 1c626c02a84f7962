#include "common/model/folder_traits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "common/model/model_folder.h"
#include "tests/support/temporary_folder.h"

namespace furrow::model {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// Diffusers folders with configs, and files that are there and no more.
class FolderTraitsTest : public testing::Test {
 protected:
  void write(const fs::path& file, std::string_view content) const {
    ASSERT_TRUE(write_file(folder_ / file, content, Durability::Cached));
  }

  void a_model(const std::string& pipeline, const std::string& network,
               std::string_view network_config, std::string_view scheduler = "{}") const {
    write("model_index.json", R"({"_class_name": ")" + pipeline + "\"}");
    write("scheduler/scheduler_config.json", scheduler);
    write(network + "/config.json", network_config);
    write(network + "/diffusion_pytorch_model.safetensors", "");
    write("vae/config.json", R"({"block_out_channels": [1, 2, 3, 4]})");
    write("vae/diffusion_pytorch_model.safetensors", "");
  }

  void a_clip(const std::string& number) const {
    an_encoder(number);
    write("tokenizer" + number + "/vocab.json", "{}");
    write("tokenizer" + number + "/merges.txt", "");
  }

  void a_t5(const std::string& number) const {
    an_encoder(number);
    write("tokenizer" + number + "/spiece.model", "");
  }

  Traits traits() const {
    const auto folder = open_model_folder(folder_);
    EXPECT_TRUE(folder) << folder.error().message;
    return folder ? folder->traits : Traits{};
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "model";

 private:
  void an_encoder(const std::string& number) const {
    write("text_encoder" + number + "/config.json", "{}");
    write("text_encoder" + number + "/model.safetensors", "");
  }
};

TEST_F(FolderTraitsTest, TheSecondModelProjectsByLinearLayersAndMayPredictV) {
  a_model("StableDiffusionPipeline", "unet",
          R"({"sample_size": 96, "use_linear_projection": true})",
          R"({"prediction_type": "v_prediction", "rescale_betas_zero_snr": true})");
  a_clip("");

  EXPECT_EQ(traits().family, "sd2");
  EXPECT_EQ(traits().prediction, Prediction::V);
  EXPECT_TRUE(traits().has_zero_terminal_snr);
  EXPECT_EQ(traits().default_size, 768U);
  EXPECT_TRUE(engine_uses(traits()));
}

TEST_F(FolderTraitsTest, XlHasAnAddedEmbeddingAndTwoEncoders) {
  a_model(
      "StableDiffusionXLPipeline", "unet",
      R"({"sample_size": 128, "addition_embed_type": "text_time", "cross_attention_dim": 2048})");
  a_clip("");
  EXPECT_THAT(open_model_folder(folder_).error().message, HasSubstr("tokenizer_2/vocab.json"));
  a_clip("_2");

  EXPECT_EQ(traits().family, "sdxl");
  EXPECT_EQ(traits().default_size, 1024U);
  EXPECT_THAT(traits().parts, ElementsAre("text_encoder", "text_encoder_2", "unet", "vae"));
  EXPECT_TRUE(engine_uses(traits()));
}

TEST_F(FolderTraitsTest, TheRefinerAttendsToOneEncoder) {
  a_model(
      "StableDiffusionXLImg2ImgPipeline", "unet",
      R"({"sample_size": 128, "addition_embed_type": "text_time", "cross_attention_dim": 1280})");
  a_clip("_2");

  EXPECT_EQ(traits().family, "sdxl_refiner");
  EXPECT_TRUE(engine_uses(traits()));
}

TEST_F(FolderTraitsTest, Sd3MayLeaveItsThirdEncoderOut) {
  a_model("StableDiffusion3Pipeline", "transformer", R"({"sample_size": 128})");
  a_clip("");
  a_clip("_2");
  EXPECT_THAT(open_model_folder(folder_).error().message, HasSubstr("tokenizer_3"));

  write("model_index.json",
        R"({"_class_name": "StableDiffusion3Pipeline", "text_encoder_3": [null, null],
            "tokenizer_3": [null, null]})");

  EXPECT_EQ(traits().family, "sd3");
  EXPECT_EQ(traits().prediction, Prediction::Flow);
  EXPECT_EQ(traits().default_size, 1024U);
}

TEST_F(FolderTraitsTest, FluxHasNoSizeInItsConfig) {
  a_model("FluxPipeline", "transformer", "{}");
  a_clip("");
  a_t5("_2");

  EXPECT_EQ(traits().family, "flux");
  EXPECT_EQ(traits().default_size, 1024U);
  EXPECT_EQ(traits().vae_factor, 8U);
}

TEST_F(FolderTraitsTest, VariantsByTheChannelsOfTheUNet) {
  a_model("StableDiffusionInpaintPipeline", "unet", R"({"sample_size": 64, "in_channels": 9})");
  a_clip("");
  EXPECT_EQ(traits().variant, Variant::Inpaint);
  EXPECT_FALSE(engine_uses(traits()));

  a_model("StableDiffusionInstructPix2PixPipeline", "unet",
          R"({"sample_size": 64, "in_channels": 8})");
  EXPECT_EQ(traits().variant, Variant::Instruct);
}

}  // namespace
}  // namespace furrow::model
