#include "common/model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "common/model/model_index.h"
#include "tests/support/temporary_folder.h"
#include "tests/weights/safetensors_writer.h"
#include "tests/weights/torch_file_writer.h"

namespace furrow::model {
namespace {

namespace fs = std::filesystem;
using engine::weights::counting_tensor;
using engine::weights::PickleWriter;
using engine::weights::safetensors_bytes;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kGolden = fs::path(FURROW_TEST_DATA) / "golden/single_file";

class ModelFileTest : public testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view content) const {
    EXPECT_TRUE(write_file(models_ / name, content, Durability::Cached));
    return models_ / name;
  }

  fs::path copy(const std::string& golden, const std::string& name) const {
    return write(name, *read_file(kGolden / golden / "model.safetensors"));
  }

  fs::path a_lora(const std::string& name) const {
    return write(name, safetensors_bytes({counting_tensor("x.lora_down.weight", {4, 8})}));
  }

  ModelIndex scan() const { return scan_models({models_}, temporary_.path() / "hashes.json"); }

  static std::string fault_of(const fs::path& file) {
    const auto opened = open_model_file(file);
    return opened ? "(no fault)" : opened.error().message;
  }

  const test::TemporaryFolder temporary_;
  const fs::path models_ = temporary_.path() / "models";
};

TEST_F(ModelFileTest, AFileIsCalledByItsNameAndKnownByItsHash) {
  const fs::path file = copy("sd1_fp16_ema", "dream.v1.safetensors");

  const ModelIndex index = scan();

  ASSERT_EQ(index.models.size(), 1U);
  const auto& description = index.models.front().description;
  EXPECT_EQ(description.model().name(), "dream.v1");
  EXPECT_EQ(description.model().hash(), sha256(*read_file(file)).raw());
  EXPECT_EQ(description.family(), "sd1");
  EXPECT_EQ(description.default_size(), 512U);
  EXPECT_EQ(bytes_on_disk(index.models.front()), fs::file_size(file));
}

TEST_F(ModelFileTest, WhatTheEngineDoesNotUseIsNeitherHashedNorBroken) {
  copy("flux_transformer", "flux.safetensors");

  const ModelIndex index = scan();

  EXPECT_TRUE(index.models.empty());
  EXPECT_TRUE(index.broken.empty());
  ASSERT_EQ(index.others.size(), 1U);
  EXPECT_EQ(index.others[0].traits.family, "flux");
  EXPECT_EQ(index.others[0].description.model().hash(), "");
}

TEST_F(ModelFileTest, ALoraIsKnownByTheHashOfItsFile) {
  const fs::path file = a_lora("style.safetensors");

  const ModelIndex index = scan();

  ASSERT_EQ(index.models.size(), 1U);
  const auto& description = index.models.front().description;
  EXPECT_EQ(description.kind(), "lora");
  EXPECT_EQ(description.model().name(), "style");
  EXPECT_EQ(description.model().hash(), sha256(*read_file(file)).raw());
}

TEST_F(ModelFileTest, OfTwoOfOneNameTheFirstCounts) {
  copy("sd1_fp16_ema", "a.ckpt.safetensors");
  copy("sd1_fp16_ema", "a.safetensors");
  fs::create_directories(temporary_.path() / "more");
  fs::copy(models_ / "a.safetensors", temporary_.path() / "more" / "a.safetensors");

  const ModelIndex index = list_models({models_, temporary_.path() / "more", models_});

  EXPECT_EQ(index.models.size(), 2U);
  ASSERT_EQ(index.broken.size(), 1U);
  EXPECT_THAT(index.broken.front().reason,
              AllOf(HasSubstr("more/a.safetensors"), HasSubstr("Rename one of them")));
}

TEST_F(ModelFileTest, ALoraMayHaveTheNameOfAModel) {
  copy("sd1_fp16_ema", "a.safetensors");
  write("a.pt",
        engine::weights::torch_zip_bytes(PickleWriter()
                                             .op('}')
                                             .op('(')
                                             .text("x.lora_down.weight")
                                             .tensor("FloatStorage", "0", 4, 0, {2, 2}, {2, 1})
                                             .op('u')
                                             .bytes(),
                                         {{"0", engine::weights::counting_floats(4)}}));

  const ModelIndex index = scan();

  for (const BrokenModel& broken : index.broken) ADD_FAILURE() << broken.reason;
  ASSERT_EQ(index.models.size(), 2U);
  EXPECT_NE(index.models[0].description.kind(), index.models[1].description.kind());
}

TEST_F(ModelFileTest, AYamlBesideTheFileTellsThePrediction) {
  const fs::path file = copy("sd2", "second.safetensors");
  EXPECT_EQ(open_model_file(file)->traits.prediction, Prediction::Unknown);

  write("second.yaml", "model:\n  params:\n    parameterization: \"v\"\n");
  EXPECT_EQ(open_model_file(file)->traits.prediction, Prediction::V);
  EXPECT_EQ(open_model_file(file)->traits.default_size, 768U);

  write("second.yaml",
        "model:\n  params:\n    denoiser_config:\n      params:\n        scaling_config:\n"
        "          target: sgm.modules.diffusionmodules.denoiser_scaling.EpsScaling\n");
  EXPECT_EQ(open_model_file(file)->traits.prediction, Prediction::Epsilon);

  for (const char* other : {"", "model: 5", "[]", "model: {params: []}", "model: {params: {}}"}) {
    write("second.yaml", other);
    EXPECT_EQ(open_model_file(file)->traits.prediction, Prediction::Unknown) << other;
  }
}

TEST_F(ModelFileTest, AYamlThatChangesThePredictionMakesAnotherModel) {
  const fs::path file = copy("sd2", "second.safetensors");
  const auto hash = [&] { return read_model(file)->description.model().hash(); };
  const std::string alone = hash();
  EXPECT_EQ(alone, sha256(*read_file(file)).raw());

  write("second.yaml", "model: {params: {parameterization: v}}");
  const std::string with_v = hash();
  write("second.yaml", "model: {params: {parameterization: eps}}");
  const std::string with_epsilon = hash();
  EXPECT_NE(with_v, alone);
  EXPECT_NE(with_epsilon, alone);
  EXPECT_NE(with_epsilon, with_v);

  write("second.yaml", "model: {params: {parameterization: eps}, target: something.else}");
  EXPECT_EQ(hash(), with_epsilon);

  const fs::path first = copy("sd1_fp16_ema", "first.safetensors");
  write("first.yaml", "model: {params: {parameterization: eps}}");
  EXPECT_EQ(read_model(first)->description.model().hash(), sha256(*read_file(first)).raw());
}

TEST_F(ModelFileTest, ADamagedYamlIsAFault) {
  const fs::path file = copy("sd2", "second.safetensors");
  write("second.yaml", "model: [");

  EXPECT_THAT(fault_of(file), AllOf(HasSubstr("second.yaml"), HasSubstr("Mend it or move")));
}

TEST_F(ModelFileTest, DamagedFilesAreToldInOneSentence) {
  EXPECT_THAT(fault_of(write("empty.safetensors", "")),
              HasSubstr("empty.safetensors cannot be used"));
  EXPECT_THAT(fault_of(write("noise.safetensors", "no weights at all")),
              HasSubstr("noise.safetensors cannot be used"));
  const std::string whole = *read_file(kGolden / "sd2" / "model.safetensors");
  EXPECT_THAT(fault_of(write("half.safetensors", whole.substr(0, whole.size() / 2))),
              HasSubstr("half.safetensors cannot be used"));
  EXPECT_THAT(fault_of(write("none.safetensors", safetensors_bytes("{}", ""))),
              HasSubstr("holds no tensors"));
  EXPECT_THAT(fault_of(write("page.ckpt", "<html>not found</html>")),
              HasSubstr("page.ckpt cannot be used"));
  EXPECT_EQ(open_model_file(models_ / "gone.safetensors").error().kind, ErrorKind::NotFound);
}

TEST_F(ModelFileTest, APickleThatWouldRunSomethingIsRefusedByName) {
  const auto pickle = PickleWriter().global("os", "system").text("true").op('\x85').op('R').bytes();
  const fs::path file = write("evil.ckpt", engine::weights::torch_zip_bytes(pickle, {}));

  EXPECT_THAT(fault_of(file), AllOf(HasSubstr("evil.ckpt"), HasSubstr("os.system")));
}

}  // namespace
}  // namespace furrow::model
