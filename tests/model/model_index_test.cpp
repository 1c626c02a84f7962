#include "common/model/model_index.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"

namespace furrow::model {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kEmbedded = fs::path(FURROW_TEST_DATA) / "../worker/assets/emoji-diffusion";

class ModelIndexTest : public testing::Test {
 protected:
  /// A folder with all files that a model must have, and weights that are only text.
  fs::path a_model(const std::string& name) const {
    const fs::path folder = models_ / name;
    write(folder / "model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
    write(folder / "tokenizer/vocab.json", "{}");
    write(folder / "tokenizer/merges.txt", "#version: 0.2");
    write(folder / "scheduler/scheduler_config.json", "{}");
    write(folder / "text_encoder/config.json", "{}");
    write(folder / "text_encoder/model.safetensors", "text encoder");
    write(folder / "unet/config.json", R"({"sample_size": 64})");
    write(folder / "unet/diffusion_pytorch_model.safetensors", "unet");
    write(folder / "vae/config.json", kVaeConfig);
    write(folder / "vae/diffusion_pytorch_model.safetensors", "vae");
    return folder;
  }

  static void write(const fs::path& file, std::string_view content) {
    ASSERT_TRUE(write_file(file, content, Durability::Cached));
  }

  static Digest hash_of(const fs::path& folder) {
    const auto found = read_model(folder);
    return found ? *Digest::from_raw(found->description.model().hash()) : Digest();
  }

  static std::string fault_of(const fs::path& folder) {
    const auto found = read_model(folder);
    return found ? "(no fault)" : found.error().message;
  }

  ModelIndex scan() const { return scan_models({models_}, cache_); }

  static std::vector<std::string> names_of(const ModelIndex& index) {
    std::vector<std::string> names;
    for (const FoundModel& model : index.models) names.push_back(model.description.model().name());
    return names;
  }

  static constexpr std::string_view kVaeConfig =
      R"({"_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512]})";
  const test::TemporaryFolder temporary_;
  const fs::path models_ = temporary_.path() / "models";
  const fs::path cache_ = temporary_.path() / "hashes.json";
};

TEST_F(ModelIndexTest, TheEmbeddedModelIsWhatItsReadmeSays) {
  const auto found = read_model(kEmbedded);

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->description.model().name(), "emoji-diffusion");
  EXPECT_EQ(found->description.family(), "sd1");
  EXPECT_EQ(found->description.vae_factor(), 8U);
  EXPECT_EQ(found->description.default_size(), 128U);
  EXPECT_FALSE(found->description.vae_only());
  EXPECT_EQ(found->description.model().hash(), hash_of(kEmbedded).raw());
}

TEST_F(ModelIndexTest, AModelIsTheHashOfItsSortedFiles) {
  const fs::path folder = a_model("a");
  std::string lines = "furrow-model/1\n";
  for (const char* file :
       {"scheduler/scheduler_config.json", "text_encoder/config.json",
        "text_encoder/model.safetensors", "tokenizer/merges.txt", "tokenizer/vocab.json",
        "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors"}) {
    lines += std::string(file) + " " + sha256(*read_file(folder / file)).hex() + "\n";
  }

  EXPECT_EQ(hash_of(folder), sha256(lines));
}

TEST_F(ModelIndexTest, NeitherNamePlaceNorReadmeChangeTheHash) {
  const Digest before = hash_of(a_model("a"));

  fs::rename(models_ / "a", models_ / "b");
  write(models_ / "b" / "README.md", "words");
  write(models_ / "b" / "unet" / "notes.txt", "words");

  EXPECT_EQ(hash_of(models_ / "b"), before);
}

TEST_F(ModelIndexTest, AnyFileThatCountsChangesTheHash) {
  const fs::path folder = a_model("a");
  const Digest before = hash_of(folder);
  for (const char* file : {"unet/diffusion_pytorch_model.safetensors", "tokenizer/merges.txt",
                           "scheduler/scheduler_config.json"}) {
    const std::string content = *read_file(folder / file);
    write(folder / file, content + " ");
    EXPECT_NE(hash_of(folder), before) << file;
    write(folder / file, content);
  }
  EXPECT_EQ(hash_of(folder), before);
}

TEST_F(ModelIndexTest, EveryMissingFileIsNamed) {
  for (const char* file :
       {"tokenizer/vocab.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json",
        "text_encoder/config.json", "text_encoder/model.safetensors", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors"}) {
    const fs::path folder = a_model("a");
    fs::remove(folder / file);
    EXPECT_THAT(fault_of(folder), AllOf(HasSubstr(file), HasSubstr("missing"))) << file;
  }
}

TEST_F(ModelIndexTest, PickledWeightsAreLookedThroughAtOnce) {
  const fs::path folder = a_model("a");
  fs::rename(folder / "text_encoder/model.safetensors", folder / "text_encoder/pytorch_model.bin");

  EXPECT_THAT(fault_of(folder), HasSubstr("text_encoder/pytorch_model.bin cannot be used"));
}

TEST_F(ModelIndexTest, APickleBesideSafetensorsDoesNotMatter) {
  const fs::path folder = a_model("a");
  const Digest before = hash_of(folder);
  write(folder / "unet/diffusion_pytorch_model.bin", "pickle");

  EXPECT_EQ(hash_of(folder), before);
}

TEST_F(ModelIndexTest, HalfPrecisionWeightsWillDoAndFullOnesComeFirst) {
  const fs::path folder = a_model("a");
  const Digest full = hash_of(folder);
  write(folder / "unet/diffusion_pytorch_model.fp16.safetensors", "half");
  EXPECT_EQ(hash_of(folder), full);

  fs::remove(folder / "unet/diffusion_pytorch_model.safetensors");

  EXPECT_TRUE(read_model(folder));
  EXPECT_NE(hash_of(folder), full);
}

TEST_F(ModelIndexTest, ShardsOfSplitWeightsCountAndMustBeThere) {
  const fs::path folder = a_model("a");
  fs::remove(folder / "unet/diffusion_pytorch_model.safetensors");
  write(
      folder / "unet/diffusion_pytorch_model.safetensors.index.json",
      R"({"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors", "c": "part-1.safetensors"}})");
  write(folder / "unet/part-1.safetensors", "one");
  EXPECT_THAT(fault_of(folder), HasSubstr("part-2.safetensors is missing"));

  write(folder / "unet/part-2.safetensors", "two");

  const Digest before = hash_of(folder);
  write(folder / "unet/part-2.safetensors", "three");
  EXPECT_NE(hash_of(folder), before);
}

TEST_F(ModelIndexTest, AnIndexNestedWithoutEndIsRefused) {
  const fs::path folder = a_model("a");
  fs::remove(folder / "unet/diffusion_pytorch_model.safetensors");
  const std::string brackets = std::string(100'000, '[') + std::string(100'000, ']');
  write(folder / "unet/diffusion_pytorch_model.safetensors.index.json",
        R"({"weight_map": {"a": )" + brackets + "}}");

  EXPECT_THAT(fault_of(folder), HasSubstr("index.json is not a JSON object"));
}

TEST_F(ModelIndexTest, AShardOutsideOfTheFolderIsRefused) {
  const fs::path folder = a_model("a");
  fs::remove(folder / "unet/diffusion_pytorch_model.safetensors");
  for (const char* shard : {"\"../secret\"", "\"/etc/passwd\"", "\"\"", "5"}) {
    write(folder / "unet/diffusion_pytorch_model.safetensors.index.json",
          std::string(R"({"weight_map": {"a": )") + shard + "}}");
    EXPECT_THAT(fault_of(folder), HasSubstr("not the name of a file beside it")) << shard;
  }
}

TEST_F(ModelIndexTest, PipelinesOfOtherFamiliesAreNamed) {
  const fs::path folder = a_model("a");
  write(folder / "model_index.json", R"({"_class_name": "KandinskyPipeline"})");

  EXPECT_THAT(fault_of(folder),
              AllOf(HasSubstr("KandinskyPipeline"), HasSubstr("not supported yet")));
}

TEST_F(ModelIndexTest, DamagedConfigsAreNamedAndNeverThrown) {
  for (const char* file : {"model_index.json", "unet/config.json", "vae/config.json"}) {
    for (const char* content : {"", "{", "[]", "null", "5", R"({"_class_name": 5})",
                                R"({"sample_size": -1, "block_out_channels": []})",
                                R"({"sample_size": "64", "block_out_channels": {}})",
                                R"({"sample_size": 1e30, "block_out_channels": "x"})"}) {
      const fs::path folder = a_model("a");
      write(folder / file, content);
      const auto found = read_model(folder);
      ASSERT_FALSE(found) << file << ": " << content;
      EXPECT_EQ(found.error().kind, ErrorKind::Invalid);
      EXPECT_THAT(found.error().message, HasSubstr(folder.string()));
    }
  }
}

TEST_F(ModelIndexTest, AStandaloneVaeIsFoundAsOne) {
  const fs::path folder = models_ / "sharp";
  write(folder / "config.json", kVaeConfig);
  write(folder / "diffusion_pytorch_model.safetensors", "vae");

  const auto found = read_model(folder);

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->description.vae_only());
  EXPECT_EQ(found->description.vae_factor(), 8U);
  EXPECT_EQ(found->description.model().name(), "sharp");
}

TEST_F(ModelIndexTest, AScanFindsModelsByNameAndListsTheBroken) {
  a_model("zebra");
  a_model("ant");
  fs::remove(a_model("broken") / "unet/config.json");
  write(models_ / "notes" / "readme.txt", "no model");
  write(models_ / "old.ckpt", "pickle");
  write(models_ / "single.safetensors", "weights and more");

  const ModelIndex index = scan();

  EXPECT_THAT(names_of(index), ElementsAre("ant", "zebra"));
  ASSERT_EQ(index.broken.size(), 3U);
  EXPECT_THAT(index.broken[0].reason, HasSubstr("unet/config.json"));
  EXPECT_THAT(index.broken[1].reason, HasSubstr("old.ckpt cannot be used"));
  EXPECT_THAT(index.broken[2].reason, HasSubstr("single.safetensors cannot be used"));
}

TEST_F(ModelIndexTest, TheFirstOfANameWins) {
  const fs::path first = a_model("a");
  const fs::path other = temporary_.path() / "other";
  fs::create_directories(other);
  fs::copy(first, other / "a", fs::copy_options::recursive);

  const ModelIndex index = scan_models({other, models_}, cache_);

  ASSERT_EQ(index.models.size(), 1U);
  EXPECT_EQ(index.models.front().path, other / "a");
  ASSERT_EQ(index.broken.size(), 1U);
  EXPECT_THAT(index.broken.front().reason,
              AllOf(HasSubstr((models_ / "a").string()), HasSubstr((other / "a").string()),
                    HasSubstr("Rename")));
}

TEST_F(ModelIndexTest, AFolderMayBeAModelItself) {
  const fs::path folder = a_model("a");

  EXPECT_THAT(names_of(scan_models({folder, models_ / "no such"}, cache_)), ElementsAre("a"));
  EXPECT_EQ(read_model(folder / "")->description.model().name(), "a");
}

TEST_F(ModelIndexTest, ASecondScanReadsNoWeightsAndSaysTheSame) {
  const fs::path folder = a_model("a");
  const ModelIndex first = scan();
  const auto weights = folder / "unet/diffusion_pytorch_model.safetensors";
  const auto time = fs::last_write_time(weights);
  // Same size, same time, another content: only a scan that reads it again would notice.
  std::ofstream(weights) << "UNET";
  fs::last_write_time(weights, time);

  const ModelIndex second = scan();

  EXPECT_EQ(second.models.front().description.model().hash(),
            first.models.front().description.model().hash());
}

TEST_F(ModelIndexTest, ACacheThatCannotBeWrittenDoesNotMatter) {
  a_model("a");

  EXPECT_EQ(scan_models({models_}, "/proc/no/such/cache.json").models.size(), 1U);
}

TEST_F(ModelIndexTest, WhatIsNoModelIsToldApartFromWhatIsNotThere) {
  fs::create_directories(models_ / "empty");

  EXPECT_EQ(read_model(models_ / "empty").error().kind, ErrorKind::Invalid);
  EXPECT_EQ(read_model(models_ / "missing").error().kind, ErrorKind::NotFound);
}

TEST_F(ModelIndexTest, AFileThatHoldsNoWeightsIsRefused) {
  write(models_ / "a.txt", "");

  EXPECT_THAT(fault_of(models_ / "a.txt"), HasSubstr("none of weights"));
}

}  // namespace
}  // namespace furrow::model
