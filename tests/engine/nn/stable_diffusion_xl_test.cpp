// Whole SDXL folders, put together from the small random parts of tests/golden.

#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/xl_folder.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string error_of(const Result<std::unique_ptr<StableDiffusion>>& loaded) {
  return loaded ? "no error" : loaded.error().message;
}

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
  EXPECT_THAT(error_of(load()),
              AllOf(HasSubstr("cross_attention_dim is 20"), HasSubstr("together is 36")));

  link("unet", "unet_sd1");
  EXPECT_THAT(error_of(load()), HasSubstr("do not fit"));

  link("unet", "unet_sdxl");
  link("text_encoder_2", "te_no_prefix");
  EXPECT_THAT(error_of(load()), HasSubstr("together is 32"));
}

TEST_F(XlFolder, ABaseModelTakesNoScore) {
  write("model_index.json",
        R"({"_class_name": "StableDiffusionXLPipeline", "text_encoder": ["a", "b"],
                                "requires_aesthetics_score": true})");

  EXPECT_THAT(error_of(load()), HasSubstr("the pooled prompt with 5 sizes is 56"));
}

TEST_F(XlFolder, AMissingPartIsNamed) {
  fs::remove_all(folder_ / "tokenizer_2");

  EXPECT_THAT(error_of(load()), HasSubstr("has no folder tokenizer_2"));
}

TEST_F(XlFolder, AVocabularyThatAnEncoderLacksIsTold) {
  write("tokenizer_2/added_tokens.json", R"({"<style>": 460})");

  EXPECT_THAT(error_of(load()), HasSubstr("the vocabulary of tokenizer_2 is 461"));
}

TEST_F(XlFolder, AnotherPipelineIsRefusedByName) {
  write("model_index.json", R"({"_class_name": "KolorsPipeline"})");

  EXPECT_THAT(error_of(load()), HasSubstr("KolorsPipeline"));
}

}  // namespace

}  // namespace furrow::engine
