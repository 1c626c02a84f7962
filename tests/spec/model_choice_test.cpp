#include "common/spec/model_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ModelChoice, AModelIsFoundByNamePathFileOrHash) {
  const Catalog catalog = a_catalog();
  const std::string hash = sha256("emoji").hex();

  for (const std::string& text : {std::string("emoji"), std::string(" Emoji "),
                                  std::string("models/emoji/"), std::string("emoji.safetensors"),
                                  hash, hash.substr(0, 6), "emoji [" + hash.substr(0, 10) + "]"}) {
    const auto found = find_model(catalog, text);
    ASSERT_TRUE(found) << text << ": " << found.error().message;
    EXPECT_EQ((*found)->model().name(), "emoji");
  }
}

TEST(ModelChoice, ATooShortOrWrongHashFindsNothing) {
  const std::string hash = sha256("emoji").hex();

  EXPECT_FALSE(find_model(a_catalog(), hash.substr(0, 5)));
  EXPECT_FALSE(find_model(a_catalog(), "emoji [0000000000]"));
  EXPECT_FALSE(find_model(a_catalog(), ""));
}

TEST(ModelChoice, SeveralWorkersMayHaveTheSameModel) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("emoji"));

  EXPECT_TRUE(find_model(catalog, "emoji"));
}

TEST(ModelChoice, OneNameForTwoContentsIsToldWithTheirHashes) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("emoji", {}, "another content"));

  const auto found = find_model(catalog, "emoji");

  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message,
              AllOf(HasSubstr(sha256("emoji").hex().substr(0, 10)),
                    HasSubstr(sha256("another content").hex().substr(0, 10))));
  EXPECT_TRUE(find_model(catalog, sha256("another content").hex().substr(0, 10)));
}

TEST(ModelChoice, CaseDecidesOnlyWhenItHasTo) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("EMOJI", {}, "another content"));

  EXPECT_EQ((*find_model(catalog, "EMOJI"))->model().name(), "EMOJI");
  EXPECT_FALSE(find_model(catalog, "Emoji"));
}

TEST(ModelChoice, AVaeIsNoModelAndAModelNoVae) {
  EXPECT_FALSE(find_model(a_catalog(), "sharp"));
  EXPECT_FALSE(find_vae(a_catalog(), "emoji"));
  EXPECT_EQ((*find_vae(a_catalog(), "sharp"))->model().name(), "sharp");
}

TEST(ModelChoice, SomeWordsKeepTheModelsOwnVae) {
  for (const std::string_view text : {"automatic", "Auto", "none", "Default"}) {
    const auto found = find_vae(a_catalog(), text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(*found, nullptr);
  }
}

TEST(ModelChoice, WithoutAnyModelTheErrorSaysSo) {
  const auto found = find_model(Catalog{}, "emoji");

  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("none has offered a model yet"));
}

TEST(ModelChoice, WhatGoesWithAModelIsNotTakenForOne) {
  Catalog catalog = a_catalog();
  for (const char* kind : {"lora", "upscaler"}) {
    v1::ModelOnDisk other = a_model("fur");
    other.set_kind(kind);
    catalog.models.push_back(other);
  }

  EXPECT_FALSE(find_model(catalog, "fur"));
  EXPECT_FALSE(find_vae(catalog, "fur"));
}

TEST(ModelChoice, OfAnOlderWorkerTheKindFollowsFromVaeOnly) {
  EXPECT_EQ(kind_of(a_model("emoji")), "checkpoint");
  EXPECT_EQ(kind_of(a_model("sharp", {.vae_only = true})), "vae");
}

}  // namespace
}  // namespace furrow::spec
