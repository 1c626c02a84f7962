#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/digest.h"
#include "common/base/version.h"
#include "common/image/infotext.h"

namespace furrow::image {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

v1::ImageMetadata a_picture() {
  v1::ImageMetadata metadata;
  metadata.set_schema("furrow.image/1");
  v1::Recipe& recipe = *metadata.mutable_recipe();
  recipe.set_prompt("a cat face");
  recipe.set_seed(4'294'967'294);
  recipe.set_steps(20);
  recipe.set_guidance_scale(7);
  recipe.set_sampler("dpmpp_2m");
  recipe.set_schedule("karras");
  recipe.set_width(128);
  recipe.set_height(192);
  recipe.set_clip_skip(1);
  recipe.mutable_model()->set_name("emoji-diffusion");
  recipe.mutable_model()->set_hash(sha256("the weights").raw());
  metadata.set_recipe_hash("00ff");
  metadata.set_job(7);
  metadata.set_cell(35);
  metadata.set_version(kVersion);
  return metadata;
}

std::string parameters_of(const v1::ImageMetadata& metadata) {
  return metadata_texts(metadata).at(0).text;
}

TEST(Metadata, FieldsStandInA1111sOrder) {
  v1::ImageMetadata metadata = a_picture();
  metadata.mutable_recipe()->set_negative_prompt("blurry");
  metadata.mutable_recipe()->set_schedule("exponential");
  metadata.mutable_recipe()->set_clip_skip(2);
  metadata.mutable_recipe()->set_guidance_scale(6.5);
  metadata.mutable_recipe()->mutable_vae()->set_name("kl-f8");
  metadata.mutable_recipe()->mutable_vae()->set_hash(sha256("a VAE").raw());

  EXPECT_EQ(parameters_of(metadata),
            "a cat face\n"
            "Negative prompt: blurry\n"
            "Steps: 20, Sampler: DPM++ 2M, Schedule type: Exponential, CFG scale: 6.5, "
            "Seed: 4294967294, Size: 128x192, Model hash: " +
                sha256("the weights").hex().substr(0, 10) +
                ", Model: emoji-diffusion, VAE hash: " + sha256("a VAE").hex().substr(0, 10) +
                ", VAE: kl-f8, Clip skip: 2, RNG: CPU, Version: furrow " + kVersion);
}

TEST(Metadata, OnlyTheModelsOwnSigmasAreAutomatic) {
  v1::ImageMetadata metadata = a_picture();
  metadata.mutable_recipe()->set_sampler("euler");
  metadata.mutable_recipe()->set_schedule("normal");

  EXPECT_EQ(infotext_of(metadata).field("Schedule type"), "Automatic");

  metadata.mutable_recipe()->set_sampler("dpmpp_2m");
  EXPECT_EQ(infotext_of(metadata).field("Schedule type"), "Normal");
  metadata.mutable_recipe()->set_schedule("karras");
  EXPECT_EQ(infotext_of(metadata).field("Schedule type"), "Karras");
}

TEST(Metadata, WhatIsUsualStandsShortAndTheFirstLayerIsSilent) {
  const Infotext infotext = infotext_of(a_picture());

  EXPECT_EQ(infotext.field("CFG scale"), "7");
  EXPECT_EQ(infotext.field("Clip skip"), "");
  EXPECT_EQ(infotext.field("VAE"), "");
}

TEST(Metadata, NamesOfAnotherVersionStandAsTheyAre) {
  v1::ImageMetadata metadata = a_picture();
  metadata.mutable_recipe()->set_sampler("sampler_of_tomorrow");
  metadata.mutable_recipe()->set_schedule("schedule_of_tomorrow");

  EXPECT_EQ(infotext_of(metadata).field("Sampler"), "sampler_of_tomorrow");
  EXPECT_EQ(infotext_of(metadata).field("Schedule type"), "schedule_of_tomorrow");
}

TEST(Metadata, ModelNamesLoseCommasAndColons) {
  v1::ImageMetadata metadata = a_picture();
  metadata.mutable_recipe()->mutable_model()->set_name("my: best, model");

  EXPECT_EQ(infotext_of(metadata).field("Model"), "my best model");
}

TEST(Metadata, GoesThroughAPictureUnchanged) {
  v1::ImageMetadata metadata = a_picture();
  v1::Recipe& recipe = *metadata.mutable_recipe();
  recipe.set_prompt("猫 🐱, \"q\"\nNegative prompt: <b>\nSteps: 1, Seed: 2, Size: 1x1 \\ \t\x01");
  recipe.set_negative_prompt(std::string("nul \0 inside", 12));
  recipe.set_seed(18'446'744'073'709'551'615u);
  recipe.set_guidance_scale(0.1 + 0.2);
  metadata.set_job(9'007'199'254'740'993);  // not a double
  metadata.mutable_provenance()->set_job_name("first");
  metadata.mutable_provenance()->add_coordinates("CFG scale: 7");

  const std::string png =
      encode_png(Image::filled(2, 2, 1, 2, 3), metadata_texts(metadata), PngEffort::Fast);
  const auto read = read_metadata(read_png_texts(png).value());

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(MessageDifferencer::Equals(*read, metadata)) << read->DebugString();
}

TEST(Metadata, IsAParametersTextAndACompactJsonText) {
  const auto texts = metadata_texts(a_picture());

  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].key, "parameters");
  EXPECT_FALSE(texts[0].as_itxt);
  EXPECT_EQ(texts[1].key, "furrow");
  EXPECT_TRUE(texts[1].as_itxt);
  const auto json = nlohmann::json::parse(texts[1].text);
  EXPECT_EQ(json["schema"], "furrow.image/1");
  EXPECT_EQ(json["recipe"]["seed"], "4294967294");
  EXPECT_EQ(json["recipe"]["guidance_scale"], 7);
  EXPECT_EQ(texts[1].text.find('\n'), std::string::npos);
}

TEST(Metadata, APictureOfAnotherProgramHasNone) {
  const auto read = read_metadata({{"parameters", "a cat\nSteps: 20, Seed: 1, Size: 1x1"}});

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::NotFound);
}

TEST(Metadata, UnreadableJsonIsInvalid) {
  for (const char* json : {"", "{", "[]", "{\"schema\":\"furrow.image/1\"}",
                           "{\"schema\":\"furrow.image/9\",\"recipe\":{}}",
                           "{\"schema\":\"furrow.image/1\",\"recipe\":{\"seed\":\"x\"}}"}) {
    const auto read = read_metadata({{"furrow", json, true}});
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(read.error().message, HasSubstr("\"furrow\" text"));
  }
}

TEST(Metadata, FieldsOfANewerVersionAreSkipped) {
  const auto read = read_metadata(
      {{"furrow", R"({"schema":"furrow.image/1","recipe":{"steps":3,"shift":1},"new":[1]})"}});

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->recipe().steps(), 3u);
}

}  // namespace
}  // namespace furrow::image
