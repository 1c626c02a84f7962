#include "common/model/model_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/weights/safetensors_writer.h"

namespace furrow::model {
namespace {

using engine::weights::counting_tensor;
using engine::weights::safetensors_bytes;
using engine::weights::TestFolder;
using testing::ElementsAre;
using testing::Pair;

TEST(ModelDetails, CountTensorsAndParametersByType) {
  const TestFolder folder;
  const auto file = folder.write("a.safetensors",
                                 safetensors_bytes({counting_tensor("x.lora_down.weight", {2, 3}),
                                                    counting_tensor("x.lora_up.weight", {4, 2})}));

  const auto details = read_details(*find_model(file));

  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->tensors, 2U);
  EXPECT_EQ(details->parameters, 14U);
  EXPECT_THAT(details->precision, ElementsAre(Pair("F32", 14U)));
}

TEST(ModelDetails, NameTheTensorsThatNoNetworkTakes) {
  const TestFolder folder;
  const auto file = folder.write(
      "a.safetensors",
      safetensors_bytes(
          {counting_tensor("model.diffusion_model.input_blocks.0.0.weight", {1, 4, 3, 3}),
           counting_tensor("stranger", {1})}));

  EXPECT_THAT(read_details(*find_model(file))->unknown, ElementsAre("stranger"));
}

TEST(ModelDetails, OfAFolderAreThoseOfAllItsWeights) {
  const auto model =
      find_model(std::string(FURROW_TEST_DATA) + "/../worker/assets/emoji-diffusion");

  ASSERT_TRUE(model) << model.error().message;
  EXPECT_GT(read_details(*model)->parameters, 1'000'000U);
  EXPECT_GT(bytes_on_disk(*model), 1'000'000U);
}

}  // namespace
}  // namespace furrow::model
