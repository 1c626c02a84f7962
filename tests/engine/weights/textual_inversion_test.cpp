#include "worker/engine/weights/textual_inversion.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/weights/safetensors_writer.h"

namespace furrow::engine::weights {

namespace {

using testing::HasSubstr;

TEST(TextualInversion, OneTensorNamesItsToken) {
  const TestFolder folder;
  const auto path =
      folder.write("learned.safetensors", safetensors_bytes({counting_tensor("<cat>", {8})}));

  const auto embedding = read_textual_inversion(path);

  ASSERT_TRUE(embedding) << embedding.error().message;
  EXPECT_EQ(embedding->token, "<cat>");
  EXPECT_EQ(embedding->for_encoder(0, 8)->sizes(), (std::vector<std::int64_t>{1, 8}));
}

TEST(TextualInversion, ATensorThatLibtorchRefusesIsAnError) {
  const TestFolder folder;
  const std::vector<std::int64_t> shape(65, 1);
  const auto path =
      folder.write("bad.safetensors", safetensors_bytes({{"emb_params", "F16", shape, "ab"}}));

  const auto embedding = read_textual_inversion(path);

  ASSERT_FALSE(embedding);
  EXPECT_EQ(embedding.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(embedding.error().message, HasSubstr("bad.safetensors"));
}

}  // namespace

}  // namespace furrow::engine::weights
