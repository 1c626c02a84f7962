// Whole SDXL folders, put together from the small random parts of tests/golden.

#include <filesystem>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kModels = FURROW_TEST_DATA "/golden/models";

class XlFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write("model_index.json", R"({"_class_name": "StableDiffusionXLPipeline",
                                  "text_encoder": ["transformers", "CLIPTextModel"]})");
    write("scheduler/scheduler_config.json", "{}");
    link("text_encoder", "te_no_prefix");
    link("text_encoder_2", "te_g_eos");
    link("unet", "unet_sdxl");
    link("vae", "vae_sdxl");
    for (const auto* name : {"tokenizer", "tokenizer_2"}) {
      write(fs::path(name) / "vocab.json",
            R"({"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2})");
      write(fs::path(name) / "merges.txt", "#version: 0.2\n");
    }
  }

  void TearDown() override { fs::remove_all(folder_); }

  void write(const fs::path& name, std::string_view content) const {
    ASSERT_TRUE(write_file(folder_ / name, content, Durability::Cached));
  }

  void link(const fs::path& part, const char* model) const {
    fs::remove(folder_ / part);
    fs::create_symlink(kModels / model, folder_ / part);
  }

  Result<std::unique_ptr<StableDiffusion>> load() const {
    return load_stable_diffusion(folder_, at::kFloat, at::kCPU);
  }

  std::string error() const {
    const auto loaded = load();
    return loaded ? "no error" : loaded.error().message;
  }

  fs::path folder_;
};

TEST_F(XlFolder, IsWhole) {
  const auto model = load();

  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->family, "sdxl");
  EXPECT_EQ((*model)->time_id_count(), 6);
  EXPECT_TRUE((*model)->force_zeros_for_empty_prompt);
  EXPECT_EQ((*model)->text_encoder->encoder->config.hidden_size, 16);
  EXPECT_EQ((*model)->text_encoder_2->encoder->config.hidden_size, 20);
}

TEST_F(XlFolder, ARefinerHasOneEncoderAndAScore) {
  write("model_index.json", R"({"_class_name": "StableDiffusionXLImg2ImgPipeline",
                                "text_encoder": [null, null], "tokenizer": [null, null],
                                "requires_aesthetics_score": true})");
  link("unet", "unet_refiner");
  fs::remove(folder_ / "text_encoder");
  fs::remove_all(folder_ / "tokenizer");

  const auto model = load();

  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->family, "sdxl_refiner");
  EXPECT_EQ((*model)->time_id_count(), 5);
}

TEST_F(XlFolder, PartsOfAnotherModelAreTold) {
  link("unet", "unet_refiner");
  EXPECT_THAT(error(), AllOf(HasSubstr("cross_attention_dim is 20"), HasSubstr("together is 36")));

  link("unet", "unet_sd1");
  EXPECT_THAT(error(), HasSubstr("do not fit"));

  link("unet", "unet_sdxl");
  link("text_encoder_2", "te_no_prefix");
  EXPECT_THAT(error(), HasSubstr("together is 32"));
}

TEST_F(XlFolder, ABaseModelTakesNoScore) {
  write("model_index.json",
        R"({"_class_name": "StableDiffusionXLPipeline", "text_encoder": ["a", "b"],
                                "requires_aesthetics_score": true})");

  EXPECT_THAT(error(), HasSubstr("the pooled prompt with 5 sizes is 56"));
}

TEST_F(XlFolder, AMissingPartIsNamed) {
  fs::remove_all(folder_ / "tokenizer_2");

  EXPECT_THAT(error(), HasSubstr("has no folder tokenizer_2"));
}

TEST_F(XlFolder, AVocabularyThatAnEncoderLacksIsTold) {
  write("tokenizer_2/added_tokens.json", R"({"<style>": 460})");

  EXPECT_THAT(error(), HasSubstr("the vocabulary of tokenizer_2 is 461"));
}

TEST_F(XlFolder, AnotherPipelineIsRefusedByName) {
  write("model_index.json", R"({"_class_name": "KolorsPipeline"})");

  EXPECT_THAT(error(), HasSubstr("KolorsPipeline"));
}

}  // namespace

}  // namespace furrow::engine
