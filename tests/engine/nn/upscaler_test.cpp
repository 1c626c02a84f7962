// Upscalers on the small random models of tests/golden, and on files made here.

#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/weights/safetensors_writer.h"
#include "worker/engine/model/networks.h"

namespace furrow::engine::nn {

namespace {

using testing::HasSubstr;
using weights::counting_tensor;
using weights::TestFolder;
using weights::TestTensor;

const std::string kModels = FURROW_TEST_DATA "/golden/models/";

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

std::unique_ptr<Upscaler> upscaler_of(const std::filesystem::path& path) {
  auto loaded = load_upscaler(path, at::kFloat, at::kCPU);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return std::move(*loaded);
}

void add_convolution(std::vector<TestTensor>& tensors, const std::string& name, std::int64_t in,
                     std::int64_t out) {
  tensors.push_back(counting_tensor(name + ".weight", {out, in, 3, 3}));
  tensors.push_back(counting_tensor(name + ".bias", {out}));
}

/// ESRGAN's network under its first names, of two channels and one block.
std::vector<TestTensor> first_names(int doublings) {
  std::vector<TestTensor> tensors;
  add_convolution(tensors, "model.0", 3, 2);
  for (const auto* block : {"RDB1", "RDB2", "RDB3"}) {
    for (int i = 1; i <= 5; ++i) {
      add_convolution(tensors,
                      std::string("model.1.sub.0.") + block + ".conv" + std::to_string(i) + ".0",
                      1 + i, i == 5 ? 2 : 1);
    }
  }
  add_convolution(tensors, "model.1.sub.1", 2, 2);
  int layer = 3;
  for (int i = 0; i < doublings; ++i, layer += 3) {
    add_convolution(tensors, "model." + std::to_string(layer), 2, 2);
  }
  add_convolution(tensors, "model." + std::to_string(layer - 1), 2, 2);
  add_convolution(tensors, "model." + std::to_string(layer + 1), 2, 3);
  return tensors;
}

TEST(Upscaler, FirstNamesTellHowOftenItDoubles) {
  const c10::InferenceMode no_gradients;
  for (const int doublings : {0, 1, 2, 3}) {
    const TestFolder folder;
    const auto path =
        folder.write("x.safetensors", weights::safetensors_bytes(first_names(doublings)));

    const auto upscaler = upscaler_of(path);

    EXPECT_EQ(upscaler->scale(), std::int64_t{1} << doublings);
  }
}

TEST(Upscaler, APickleHoldsTheSameNetwork) {
  const c10::InferenceMode no_gradients;
  const auto image = at::rand({1, 3, 8, 12});

  const auto pickled = upscaler_of(kModels + "rrdbnet_x1/model.pth");
  const auto plain = upscaler_of(kModels + "rrdbnet_x1/model.safetensors");

  EXPECT_EQ(difference(pickled->forward(image), plain->forward(image)), 0);
}

TEST(Upscaler, TakesSizesThatDoNotFold) {
  const c10::InferenceMode no_gradients;
  const auto upscaler = upscaler_of(kModels + "rrdbnet_x1");  // folds 4x4 pixels

  for (const auto& size : std::vector<std::vector<std::int64_t>>{{1, 1}, {5, 7}, {4, 9}, {2, 8}}) {
    const auto image = at::rand({1, 3, size[0], size[1]});
    EXPECT_EQ(upscaler->forward(image).sizes(), image.sizes());
  }
}

TEST(Upscaler, TilesWithEnoughAroundThemShowNoSeams) {
  const c10::InferenceMode no_gradients;
  // Five convolutions of 3x3 see five pixels far.
  const auto upscaler = upscaler_of(kModels + "srvgg_leakyrelu_x2");
  const auto image = at::rand({2, 3, 23, 31});

  const auto whole = upscaler->forward(image);

  EXPECT_LT(difference(upscaler->forward_tiled(image, {.size = 9, .padding = 5}), whole), 1e-5);
  EXPECT_GT(difference(upscaler->forward_tiled(image, {.size = 9, .padding = 0}), whole), 1e-5);
  EXPECT_LT(difference(upscaler->forward_tiled(image, {.size = 100, .padding = 0}), whole), 1e-5);
}

TEST(Upscaler, APictureOfABatchIsThePictureAlone) {
  const c10::InferenceMode no_gradients;
  const auto upscaler = upscaler_of(kModels + "rrdbnet_x4_model_names");
  const auto images = at::rand({3, 3, 8, 8});

  const auto together = upscaler->forward(images);

  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_LT(difference(upscaler->forward(images.narrow(0, i, 1)), together.narrow(0, i, 1)),
              1e-5);
  }
}

TEST(Upscaler, WrongShapesAndTilesAreTold) {
  const c10::InferenceMode no_gradients;
  const auto upscaler = upscaler_of(kModels + "srvgg_leakyrelu_x2");

  EXPECT_THROW(upscaler->forward(at::rand({1, 4, 8, 8})), c10::Error);
  EXPECT_THROW(upscaler->forward(at::rand({3, 8, 8})), c10::Error);
  EXPECT_THROW(upscaler->forward(at::rand({1, 3, 0, 8})), c10::Error);
  EXPECT_THROW(upscaler->forward_tiled(at::rand({1, 3, 8, 8}), {.size = 0}), c10::Error);
}

TEST(Upscaler, AnActivationThatTheWeightsDoNotTellIsAskedFor) {
  const auto loaded =
      load_upscaler(kModels + "srvgg_leakyrelu_x2/model.safetensors", at::kFloat, at::kCPU);

  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("\"act_type\""));
}

TEST(Upscaler, AConfigThatContradictsTheWeightsIsTold) {
  const TestFolder folder;
  folder.write("model.safetensors", weights::safetensors_bytes(first_names(2)));
  folder.write("config.json", R"({"num_feat": 64, "scale": 4, "num_block": 23})");

  const auto loaded = load_upscaler(folder.path(), at::kFloat, at::kCPU);

  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("num_feat 64 and the weights 2"));
  EXPECT_THAT(loaded.error().message, HasSubstr("num_block 23 and the weights 1"));
}

TEST(Upscaler, AnotherNetworkIsRefused) {
  const TestFolder folder;
  const auto path = folder.write(
      "x.safetensors", weights::safetensors_bytes({counting_tensor("blocks.0.weight", {2})}));

  const auto loaded = load_upscaler(path, at::kFloat, at::kCPU);

  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("no upscaler that is known here"));
}

}  // namespace

}  // namespace furrow::engine::nn
