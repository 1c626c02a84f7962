#include "worker/engine/weights/loader.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/weights/safetensors_writer.h"

namespace furrow::engine::weights {

namespace {

using testing::HasSubstr;

Checkpoint checkpoint_of(const TestFolder& folder, const std::vector<TestTensor>& tensors) {
  const auto path = folder.write("m.safetensors", safetensors_bytes(tensors));
  return Checkpoint::open_file(path, same_key).value();
}

TEST(Loader, FindsAWeightByItsPlaceInTheTree) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(folder, {counting_tensor("blocks.1.norm.weight", {2, 3})});
  Loader loader(checkpoint, {});

  const auto weight = (loader.root() / "blocks" / 1 / "norm").required("weight", {2, 3});

  ASSERT_TRUE(loader.finish()) << loader.finish().error().message;
  ASSERT_TRUE(weight.is_present());
  EXPECT_TRUE(weight.get().equal(at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_EQ(weight.stored_dtype(), Dtype::F32);
}

TEST(Loader, TellsEveryFaultAtOnce) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(
      folder, {counting_tensor("a.weight", {2, 3}), counting_tensor("left.over", {1})});
  Loader loader(checkpoint, {});
  const auto root = loader.root();

  const auto a = (root / "a").required("weight", {3, 2});
  const auto b = (root / "b").required("bias", {7});
  const auto faults = loader.finish();

  EXPECT_FALSE(a.is_present());
  EXPECT_FALSE(b.is_present());
  ASSERT_FALSE(faults);
  const auto& message = faults.error().message;
  EXPECT_THAT(message, HasSubstr("m.safetensors"));
  EXPECT_THAT(message, HasSubstr("\"a.weight\" has the shape [2, 3], expected [3, 2]"));
  EXPECT_THAT(message, HasSubstr("\"b.bias\" [7] is missing"));
  EXPECT_THAT(message, HasSubstr("\"left.over\" [1] has no place"));
}

TEST(Loader, IgnoresWhatItIsToldTo) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(folder, {counting_tensor("embeddings.position_ids", {1})});
  Loader loader(checkpoint, {});
  loader.ignore("position_ids");

  EXPECT_TRUE(loader.finish());
}

TEST(Loader, AnOptionalWeightMayBeAbsent) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(folder, {counting_tensor("weight", {2})});
  Loader loader(checkpoint, {});

  EXPECT_TRUE(loader.root().optional("weight", {2}).is_present());
  EXPECT_FALSE(loader.root().optional("bias", {2}).is_present());
  EXPECT_TRUE(loader.finish());
}

TEST(Loader, APointwiseConvolutionIsALinear) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(
      folder, {counting_tensor("conv", {2, 3, 1, 1}), counting_tensor("linear", {2, 3})});
  Loader loader(checkpoint, {});

  const auto as_linear = loader.root().required("conv", {2, 3});
  const auto as_conv = loader.root().required("linear", {2, 3, 1, 1});

  ASSERT_TRUE(loader.finish());
  EXPECT_TRUE(as_linear.get().equal(at::arange(6, at::kFloat).view({2, 3})));
  EXPECT_TRUE(as_conv.get().equal(at::arange(6, at::kFloat).view({2, 3, 1, 1})));
}

TEST(Loader, ConvertsToThePrecisionOfTheModel) {
  const TestFolder folder;
  const std::string one_and_a_half("\x00\x3E", 2);  // F16
  const auto checkpoint = checkpoint_of(folder, {{"w", "F16", {1}, one_and_a_half}});
  Loader as_float(checkpoint, {at::kFloat, at::kCPU});
  Loader as_bfloat16(checkpoint, {at::kBFloat16, at::kCPU});

  const auto a = as_float.root().required("w", {1});
  const auto b = as_bfloat16.root().required("w", {1});

  EXPECT_EQ(a.get().scalar_type(), at::kFloat);
  EXPECT_EQ(a.get().item<float>(), 1.5F);
  EXPECT_EQ(b.get().scalar_type(), at::kBFloat16);
  EXPECT_EQ(b.get().item<float>(), 1.5F);
  EXPECT_EQ(a.stored_dtype(), Dtype::F16);
}

TEST(Loader, ReadsTensorsThatAreNotAligned) {
  const TestFolder folder;
  const auto values = counting_tensor("", {2}).bytes;
  // One byte before the floats, whatever the length of the header: one of the eight is odd enough.
  for (int padding = 0; padding < 8; ++padding) {
    const auto path = folder.write(
        "m.safetensors",
        safetensors_bytes(std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)") +
                              R"("w":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})" +
                              std::string(static_cast<std::size_t>(padding), ' '),
                          "x" + values));
    const auto checkpoint = Checkpoint::open_file(path, same_key);
    Loader loader(*checkpoint, {at::kDouble, at::kCPU});

    EXPECT_TRUE(loader.root().required("w", {2}).get().equal(at::arange(2, at::kDouble)));
  }
}

TEST(Loader, IntegersAreNoWeights) {
  const TestFolder folder;
  const auto checkpoint = checkpoint_of(folder, {{"w", "I8", {1}, "\x01"}});
  Loader loader(checkpoint, {});

  EXPECT_FALSE(loader.root().required("w", {1}).is_present());
  const auto faults = loader.finish();

  ASSERT_FALSE(faults);
  EXPECT_THAT(faults.error().message, HasSubstr("I8 numbers cannot be used as weights"));
}

TEST(Loader, WeightsOutliveTheCheckpoint) {
  const TestFolder folder;
  const auto weight = [&] {
    const auto checkpoint = checkpoint_of(folder, {counting_tensor("w", {1000})});
    Loader loader(checkpoint, {});
    return loader.root().required("w", {1000});
  }();

  EXPECT_TRUE(weight.get().equal(at::arange(1000, at::kFloat)));
}

}  // namespace

}  // namespace furrow::engine::weights
