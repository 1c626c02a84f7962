#include "worker/engine/model/stable_diffusion.h"

#include <filesystem>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kEmoji = FURROW_MODELS "/emoji-diffusion";

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

at::Tensor encode(const StableDiffusion& model, const std::string& text) {
  const auto ids = model.text_encoder->tokenizer.encode_padded(text);
  return model.text_encoder->encoder->forward(at::tensor(ids, at::kLong).unsqueeze(0))
      .last_hidden_state;
}

class EmbeddedModel : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = load_stable_diffusion(kEmoji, at::kFloat, at::kCPU);
    ASSERT_TRUE(loaded) << loaded.error().message;
    model_ = std::move(*loaded).release();
  }

  static void TearDownTestSuite() {
    delete model_;
    model_ = nullptr;
  }

  static const StableDiffusion* model_;
  const c10::InferenceMode no_gradients_;
};

const StableDiffusion* EmbeddedModel::model_ = nullptr;

TEST_F(EmbeddedModel, IsWhole) {
  EXPECT_EQ(model_->family, "sd1");
  EXPECT_EQ(model_->vae->config.spatial_factor(), 8);
  EXPECT_EQ(model_->scheduler_config.at("_class_name"), "PNDMScheduler");
  EXPECT_EQ(model_->unet->config.levels.front().cross_attention_dim,
            model_->text_encoder->encoder->config.hidden_size);
}

TEST_F(EmbeddedModel, APictureOfABatchIsThePictureAlone) {
  const auto latents = at::randn({3, 4, 16, 16});
  const auto timesteps = at::tensor({1, 500, 999}, at::kLong);
  const auto prompts =
      at::cat({encode(*model_, "a cat"), encode(*model_, "a dog"), encode(*model_, "")});

  const auto together = model_->unet->forward(latents, timesteps, prompts);

  for (std::int64_t i = 0; i < 3; ++i) {
    const auto alone =
        model_->unet->forward(latents.narrow(0, i, 1), timesteps[i], prompts.narrow(0, i, 1));
    EXPECT_LT(difference(alone, together.narrow(0, i, 1)), 1e-4) << "picture " << i;
  }
}

TEST_F(EmbeddedModel, TheVaeGivesAPictureBack) {
  // A smooth picture in [-1, 1], which any trained autoencoder keeps.
  const auto ramp = at::linspace(-0.8, 0.8, 64);
  const auto image =
      at::stack({ramp.expand({64, 64}), ramp.view({64, 1}).expand({64, 64}), at::zeros({64, 64})})
          .unsqueeze(0);

  const auto mean = model_->vae->encode(image).chunk(2, 1)[0];
  const auto decoded = model_->vae->decode(mean);

  EXPECT_EQ(mean.sizes(), at::IntArrayRef({1, 4, 8, 8}));
  ASSERT_EQ(decoded.sizes(), image.sizes());
  EXPECT_LT((decoded - image).abs().mean().item<double>(), 0.15);
}

TEST_F(EmbeddedModel, InBfloat16PredictsAboutTheSame) {
  const auto loaded = load_stable_diffusion(kEmoji, at::kBFloat16, at::kCPU);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto latents = at::randn({2, 4, 16, 16});
  const auto prompt = encode(*model_, "a cat").expand({2, -1, -1});
  const auto timestep = at::tensor(500.0);

  const auto exact = model_->unet->forward(latents, timestep, prompt);
  const auto rounded = (*loaded)->unet->forward(latents, timestep, prompt);

  EXPECT_EQ(rounded.scalar_type(), at::kFloat);
  EXPECT_LT(((rounded - exact).pow(2).mean().sqrt() / exact.std()).item<double>(), 0.05);
}

TEST_F(EmbeddedModel, WrongShapesAreToldWithTheRightOnes) {
  const auto prompt = encode(*model_, "a cat");

  EXPECT_THROW(model_->unet->forward(at::randn({1, 3, 16, 16}), at::tensor(1.0), prompt),
               c10::Error);
  EXPECT_THROW(model_->unet->forward(at::randn({2, 4, 16, 16}), at::tensor(1.0), prompt),
               c10::Error);
  EXPECT_THROW(model_->vae->decode(at::randn({1, 5, 8, 8})), c10::Error);
  EXPECT_THROW(model_->text_encoder->encoder->forward(at::zeros({1, 78}, at::kLong)), c10::Error);
}

/// A copy of the embedded model that a test may break: files are links until they are written.
class BrokenModel : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    for (const auto& entry : fs::recursive_directory_iterator(kEmoji)) {
      const auto target = folder_ / fs::relative(entry.path(), kEmoji);
      if (entry.is_directory()) {
        fs::create_directories(target);
      } else {
        fs::create_directories(target.parent_path());
        fs::create_symlink(entry.path(), target);
      }
    }
  }

  void TearDown() override { fs::remove_all(folder_); }

  void write(const fs::path& name, std::string_view content) const {
    ASSERT_TRUE(write_file(folder_ / name, content, Durability::Cached));
  }

  std::string content(const fs::path& name) const { return read_file(folder_ / name).value(); }

  void replace(const fs::path& name, const std::string& old_text, const std::string& text) const {
    auto changed = content(name);
    const auto at = changed.find(old_text);
    ASSERT_NE(at, std::string::npos) << old_text;
    write(name, changed.replace(at, old_text.size(), text));
  }

  std::string error() const {
    const auto loaded = load_stable_diffusion(folder_, at::kFloat, at::kCPU);
    return loaded ? "" : loaded.error().message;
  }

  fs::path folder_;
};

const fs::path kUNetWeights = "unet/diffusion_pytorch_model.safetensors";

TEST_F(BrokenModel, UnbrokenItLoads) {
  EXPECT_EQ(error(), "");
}

TEST_F(BrokenModel, AMissingFileIsNamed) {
  fs::remove(folder_ / "unet/config.json");
  EXPECT_THAT(error(), HasSubstr((folder_ / "unet/config.json").string()));

  fs::remove_all(folder_ / "scheduler");
  EXPECT_THAT(error(), HasSubstr("has no folder scheduler"));
}

TEST_F(BrokenModel, TruncatedWeightsAreNamedWithTheTensor) {
  const auto whole = content(kUNetWeights);
  write(kUNetWeights, whole.substr(0, whole.size() - 100));

  EXPECT_THAT(error(), AllOf(HasSubstr((folder_ / kUNetWeights).string()), HasSubstr("tensor \""),
                             HasSubstr("truncated")));
}

TEST_F(BrokenModel, AnotherWidthIsToldTensorByTensor) {
  replace("unet/config.json", "\"in_channels\": 4", "\"in_channels\": 9");

  EXPECT_THAT(error(), AllOf(HasSubstr((folder_ / kUNetWeights).string()),
                             HasSubstr("\"conv_in.weight\" has the shape [64, 4, 3, 3], expected "
                                       "[64, 9, 3, 3]")));
}

TEST_F(BrokenModel, WhatIsNoPickleIsToldByName) {
  fs::rename(folder_ / "vae/diffusion_pytorch_model.safetensors",
             folder_ / "vae/diffusion_pytorch_model.bin");

  EXPECT_THAT(error(), AllOf(HasSubstr("diffusion_pytorch_model.bin"), HasSubstr("torch.save")));
}

TEST_F(BrokenModel, AConfigThatIsNoJsonIsNamed) {
  write("vae/config.json", "{oops");

  EXPECT_THAT(error(), HasSubstr((folder_ / "vae/config.json").string() + " is not JSON"));
}

TEST_F(BrokenModel, AnotherPipelineIsRefusedByName) {
  replace("model_index.json", "StableDiffusionPipeline", "StableDiffusion3Pipeline");

  EXPECT_THAT(error(), HasSubstr("StableDiffusion3Pipeline"));
}

TEST_F(BrokenModel, AVocabularyThatTheEncoderLacksIsTold) {
  write("tokenizer/added_tokens.json", R"({"<style>": 2000})");

  EXPECT_THAT(error(), HasSubstr("the vocabulary of tokenizer is 2001"));
}

}  // namespace

}  // namespace furrow::engine
