#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::engine {

/// A whole SDXL folder, put together from the small random parts of tests/golden; each test may
/// change it before it loads it.
class XlFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write("model_index.json", R"({"_class_name": "StableDiffusionXLPipeline",
                                  "text_encoder": ["transformers", "CLIPTextModel"]})");
    write("scheduler/scheduler_config.json",
          R"({"_class_name": "EulerDiscreteScheduler", "beta_schedule": "scaled_linear",
              "beta_start": 0.00085, "beta_end": 0.012, "prediction_type": "epsilon"})");
    link("text_encoder", "te_no_prefix");
    link("text_encoder_2", "te_g_eos");
    link("unet", "unet_sdxl");
    link("vae", "vae_sdxl");
    for (const auto* name : {"tokenizer", "tokenizer_2"}) {
      write(std::filesystem::path(name) / "vocab.json",
            R"({"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "b</w>": 3})");
      write(std::filesystem::path(name) / "merges.txt", "#version: 0.2\n");
    }
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::filesystem::path& name, std::string_view content) const {
    ASSERT_TRUE(write_file(folder_ / name, content, Durability::Cached));
  }

  /// Makes a model of tests/golden/models a part of the folder.
  void link(const std::filesystem::path& part, const char* model) const {
    std::filesystem::remove(folder_ / part);
    std::filesystem::create_symlink(
        std::filesystem::path(FURROW_TEST_DATA "/golden/models") / model, folder_ / part);
  }

  Result<std::unique_ptr<StableDiffusion>> load() const {
    return load_stable_diffusion(folder_, at::kFloat, at::kCPU);
  }

  std::filesystem::path folder_;
};

}  // namespace furrow::engine
