#include "common/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/weights/safetensors_writer.h"

namespace furrow::engine::weights {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Safetensors, GivesNamesShapesAndBytes) {
  const TestFolder folder;
  const auto path = folder.write(
      "a.safetensors", safetensors_bytes({counting_tensor("weight", {2, 3}),
                                          {"scale", "BF16", {}, std::string("\x80\x3F", 2)},
                                          {"nothing", "F16", {0, 4}, ""}}));

  const auto file = SafetensorsFile::open(path);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 3u);
  const auto* weight = file->find("weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->dtype, Dtype::F32);
  EXPECT_THAT(weight->shape, ElementsAre(2, 3));
  EXPECT_EQ(weight->bytes, counting_tensor("weight", {2, 3}).bytes);
  EXPECT_EQ(file->find("scale")->bytes, std::string_view("\x80\x3F", 2));
  EXPECT_TRUE(file->find("nothing")->bytes.empty());
  EXPECT_EQ(file->find("weigh"), nullptr);
}

TEST(Safetensors, TensorsStayValidWithACopyOfTheFile) {
  const TestFolder folder;
  const auto path = folder.write("a.safetensors", safetensors_bytes({counting_tensor("w", {4})}));

  auto copy = [&] {
    const auto file = SafetensorsFile::open(path);
    return *file;
  }();

  EXPECT_EQ(copy.find("w")->bytes, counting_tensor("w", {4}).bytes);
}

TEST(Safetensors, KeepsTheMetadata) {
  const TestFolder folder;
  const auto path =
      folder.write("a.safetensors", safetensors_bytes(R"({"__metadata__":{"format":"pt"}})", ""));

  const auto file = SafetensorsFile::open(path);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("format"), "pt");
  EXPECT_TRUE(file->tensors().empty());
}

TEST(Safetensors, AMissingFileIsNotFound) {
  const auto file = SafetensorsFile::open("/nowhere/a.safetensors");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::NotFound);
}

struct Malformed {
  const char* name;
  std::string bytes;
  const char* sentence;  // part of what the user is told
};

std::string eight_bytes_of(const char* header) {
  return safetensors_bytes(header, std::string(8, 'x'));
}

// So many lists in each other.
std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::vector<Malformed> malformed_files() {
  const auto sound = safetensors_bytes({counting_tensor("w", {4})});
  return {
      {"Empty", "", "it has 0 bytes"},
      {"ShorterThanALength", "1234567", "it has 7 bytes"},
      {"HeaderCutOff", sound.substr(0, 20), "it is truncated"},
      {"DataCutOff", sound.substr(0, sound.size() - 1), "tensor \"w\" lies at bytes 0 to 16"},
      {"SomethingElse", "PK\x03\x04 this is a zip archive", "it does not begin as a safetensors"},
      {"NotJson", eight_bytes_of("{\"w\": oops}"), "its header is not JSON"},
      {"NotUtf8", eight_bytes_of("{\"\xFF\": 1}"), "its header is not JSON"},
      {"AList", eight_bytes_of("[1]"), "its header is not a JSON object"},
      {"SameNameTwice", eight_bytes_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                          "w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"),
       "the name \"w\" twice"},
      {"SameKeyTwice",
       eight_bytes_of(R"({"w":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}})"),
       "the name \"dtype\" twice"},
      {"NoDescription", eight_bytes_of(R"({"w":3})"), "tensor \"w\" is not described"},
      {"UnknownDtype", eight_bytes_of(R"({"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})"),
       "the dtype \"C64\""},
      {"NoDtype", eight_bytes_of(R"({"w":{"shape":[2],"data_offsets":[0,8]}})"), "the dtype null"},
      {"NegativeSize", eight_bytes_of(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
       "the shape [-2]"},
      {"FractionalSize",
       eight_bytes_of(R"({"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})"),
       "the shape [2.0]"},
      {"SizeBeyond64Bits",
       eight_bytes_of(
           R"({"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})"),
       "more than 2^64"},
      {"OneOffset", eight_bytes_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}})"),
       "the data_offsets [0]"},
      {"EndBeforeBegin",
       eight_bytes_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})"),
       "lies at bytes 8 to 4"},
      {"EndBeyondTheFile",
       eight_bytes_of(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})"),
       "but there are 8 bytes of data"},
      {"SizeUnlikeShape",
       eight_bytes_of(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),
       "has 8 bytes, not the 12 that it needs"},
      {"Overlap",
       safetensors_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                             "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                         std::string(12, 'x')),
       "tensors \"a\" and \"b\" overlap"},
      {"Gap",
       safetensors_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                             "b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                         std::string(12, 'x')),
       "4 bytes before tensor \"b\" belong to no tensor"},
      {"TrailingBytes", sound + "more", "4 bytes at its end belong to no tensor"},
      {"MetadataOfAList", safetensors_bytes(R"({"__metadata__":["a"]})", ""),
       "its __metadata__ is not a map of texts"},
      {"MetadataOfNumbers", safetensors_bytes(R"({"__metadata__":{"step":3}})", ""),
       "its __metadata__ is not a map of texts"},
      {"NestedDeeply",
       eight_bytes_of(
           (R"({"w":{"dtype":"F32","shape":)" + nested(100'000) + R"(,"data_offsets":[0,8]}})")
               .c_str()),
       "nested more than 3 deep"},
      {"MetadataNestedDeeply",
       eight_bytes_of((R"({"__metadata__":)" + nested(100'000) + "}").c_str()),
       "nested more than 3 deep"},
  };
}

TEST(Safetensors, ManyTensorsAreReadAsFastAsFew) {
  std::string header = "{";
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) +
              R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  }
  const TestFolder folder;

  const auto file =
      SafetensorsFile::open(folder.write("many.safetensors", safetensors_bytes(header + "}", "")));

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), std::size_t{kCount});
}

TEST(Safetensors, WhatTheFileSaysIsCutAndEscapedInMessages) {
  const auto name = "evil\\u001b[2J" + std::string(100'000, 'x');
  const TestFolder folder;
  for (const auto& header :
       {R"({")" + name + R"(":3})", R"({"w":{"dtype":")" + name + R"("}})",
        R"({"w":{"dtype":"F32","shape":")" + name + R"("}})",
        R"({"w":1,)" + std::string(100'000, 'y'), R"({")" + name + R"(":1,")" + name + R"(":1})"}) {
    const auto file =
        SafetensorsFile::open(folder.write("long.safetensors", safetensors_bytes(header, "")));

    ASSERT_FALSE(file);
    EXPECT_LT(file.error().message.size(), 600U);
    EXPECT_EQ(file.error().message.find('\x1b'), std::string::npos);
  }
}

class MalformedSafetensors : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSafetensors, IsRefusedWithTheFileAndTheReason) {
  const TestFolder folder;
  const auto path = folder.write("bad.safetensors", GetParam().bytes);

  const auto file = SafetensorsFile::open(path);

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(file.error().message, HasSubstr(path.string()));
  EXPECT_THAT(file.error().message, HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(Files, MalformedSafetensors, testing::ValuesIn(malformed_files()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace

}  // namespace furrow::engine::weights
