#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/extra_networks.h"
#include "common/prompt/lora_tag.h"

namespace furrow::prompt {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

NetworkTag tag_of(const std::string& written) {
  return remove_networks(written).value().networks.at(0);
}

LoraTag lora(const std::string& written) {
  return read_lora(tag_of(written)).value();
}

std::string fault_of(const std::string& written) {
  return read_lora(tag_of(written)).error().message;
}

StepStrength constant(double strength) {
  return {{{strength, 1}}};
}

TEST(Networks, AreTakenOutOfTheText) {
  const auto result = remove_networks("a <lora:x:0.8>cat<hypernet:y>").value();

  EXPECT_EQ(result.text, "a cat");
  ASSERT_THAT(result.networks, SizeIs(2));
  EXPECT_EQ(result.networks[0].kind, "lora");
  EXPECT_THAT(result.networks[0].arguments, ElementsAre("x", "0.8"));
  EXPECT_EQ(result.networks[0].written, "<lora:x:0.8>");
  EXPECT_EQ(result.networks[1].kind, "hypernet");
}

TEST(Networks, HaveNamedArguments) {
  const NetworkTag tag = tag_of("<lora:my file: te = 0.5:unet=1>");

  EXPECT_THAT(tag.arguments, ElementsAre("my file"));
  EXPECT_THAT(tag.named, ElementsAre(Pair("te", "0.5"), Pair("unet", "1")));
  EXPECT_THAT(remove_networks("<lora:x:te=1:te=2>").error().message, HasSubstr("\"te\""));
}

TEST(Networks, LeaveOtherAnglesAlone) {
  for (const char* text : {"a < b > c", "<3", "<lora>", "<:x>", "a <b c:d>", "x <lora:>", "<"}) {
    EXPECT_EQ(remove_networks(text).value().text, text);
    EXPECT_THAT(remove_networks(text).value().networks, IsEmpty());
  }
}

TEST(Networks, AreRefusedWhenTheyNeverEnd) {
  EXPECT_THAT(remove_networks("a <lora:x:1 cat").error().message,
              AllOf(HasSubstr("<lora:x:1 cat"), HasSubstr("never closed")));
}

TEST(LoraTag, HasOneStrengthForAll) {
  const LoraTag full = lora("<lora:folder/x>");
  EXPECT_EQ(full.name, "folder/x");
  for (const StepStrength& strength : {full.text_encoder, full.in, full.mid, full.out})
    EXPECT_EQ(strength.at(5, 20), 1);
  EXPECT_THAT(full.modules, IsEmpty());

  const LoraTag weak = lora("<lora:x:-0.8>");
  for (const StepStrength& strength : {weak.text_encoder, weak.in, weak.mid, weak.out})
    EXPECT_EQ(strength, constant(-0.8));
}

TEST(LoraTag, TakesTheUnetsStrengthAndTheRankByPlace) {
  const LoraTag tag = lora("<lora:x:0.5:0.8:16>");

  EXPECT_EQ(tag.text_encoder, constant(0.5));
  EXPECT_EQ(tag.mid, constant(0.8));
  EXPECT_EQ(tag.rank, 16);
}

TEST(LoraTag, TakesArgumentsByName) {
  const LoraTag tag = lora("<lora:x:0.5:te=0.1:unet=0.2:out=0:dyn=8:module=UNet>");

  EXPECT_EQ(tag.text_encoder, constant(0.1));
  EXPECT_EQ(tag.in, constant(0.2));
  EXPECT_EQ(tag.mid, constant(0.2));
  EXPECT_EQ(tag.out, constant(0));
  EXPECT_EQ(tag.rank, 8);
  EXPECT_THAT(tag.modules, ElementsAre("unet"));
  EXPECT_EQ(lora("<lora:x:te=0.1>").mid, constant(0.1));
}

TEST(LoraTag, NamesOneOfTwoTransformers) {
  EXPECT_THAT(lora("<lora:x:0.5:high>").modules, ElementsAre("transformer"));
  EXPECT_THAT(lora("<lora:x:LOW:0.5>").modules, ElementsAre("transformer_2"));
  EXPECT_EQ(lora("<lora:x:LOW:0.5>").mid, constant(0.5));
}

TEST(LoraTag, ChangesItsStrengthOverTheSteps) {
  const StepStrength strength = lora("<lora:x:0@0,1@0.5,0.5@1>").mid;

  EXPECT_DOUBLE_EQ(strength.at(0, 22), 0);
  EXPECT_DOUBLE_EQ(strength.at(5, 22), 0.5);
  EXPECT_DOUBLE_EQ(strength.at(10, 22), 1);
  EXPECT_DOUBLE_EQ(strength.at(15, 22), 0.75);
  EXPECT_DOUBLE_EQ(strength.at(20, 22), 0.5);
  EXPECT_DOUBLE_EQ(strength.at(21, 22), 0.5);
  EXPECT_DOUBLE_EQ(strength.at(0, 1), 0);
}

TEST(LoraTag, TakesPositionsAboveOneAsSteps) {
  const StepStrength strength = lora("<lora:x:te=1:unet=1~4;0~0>").in;

  EXPECT_DOUBLE_EQ(strength.at(0, 100), 0);
  EXPECT_DOUBLE_EQ(strength.at(3, 100), 0.75);
  EXPECT_DOUBLE_EQ(strength.at(50, 100), 1);
}

TEST(LoraTag, IsRefusedWithItsFault) {
  EXPECT_THAT(fault_of("<lora: :1>"), HasSubstr("names no file"));
  EXPECT_THAT(fault_of("<lora:x:strong>"), HasSubstr("\"strong\" is not a strength"));
  EXPECT_THAT(fault_of("<lora:x:0@a>"), HasSubstr("\"0@a\""));
  EXPECT_THAT(fault_of("<lora:x:dyn=0>"), HasSubstr("\"0\" is not a rank"));
  EXPECT_THAT(fault_of("<lora:x:tenc=1>"), AllOf(HasSubstr("\"tenc\""), HasSubstr("te, unet")));
  EXPECT_THAT(fault_of("<lora:x:1:1:1:1>"), HasSubstr("more than a name and three numbers"));
}

}  // namespace

}  // namespace furrow::prompt
