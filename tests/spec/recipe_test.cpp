#include "common/spec/recipe.h"

#include <functional>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

using google::protobuf::FieldDescriptor;

v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_prompt("a \"cat\" face\n\\o/ é\x01");
  recipe.set_negative_prompt("dog");
  recipe.set_seed(18'446'744'073'709'551'615ULL);
  recipe.set_steps(20);
  recipe.set_guidance_scale(6.5);
  recipe.set_sampler("euler_a");
  recipe.set_schedule("normal");
  recipe.set_width(128);
  recipe.set_height(64);
  recipe.set_clip_skip(1);
  recipe.mutable_model()->set_name("emoji");
  recipe.mutable_model()->set_hash(std::string(32, '\xab'));
  return recipe;
}

TEST(Recipe, CanonicalFormIsAsDocumented) {
  const std::string model = "abababababababababababababababababababababababababababababababab";

  EXPECT_EQ(canonical_form(a_recipe()),
            "furrow-recipe/1\n"
            "prompt=\"a \\\"cat\\\" face\\u000a\\\\o/ é\\u0001\"\n"
            "negative_prompt=\"dog\"\n"
            "seed=18446744073709551615\n"
            "steps=20\n"
            "guidance_scale=6.5\n"
            "sampler=\"euler_a\"\n"
            "schedule=\"normal\"\n"
            "width=128\n"
            "height=64\n"
            "clip_skip=1\n"
            "model=" +
                model + "\n");
}

TEST(Recipe, DefaultsAreLeftOut) {
  EXPECT_EQ(canonical_form(v1::Recipe()), "furrow-recipe/1\n");
}

TEST(Recipe, IdentityIsTheSha256OfTheCanonicalForm) {
  // printf 'furrow-recipe/1\nsteps=20\nguidance_scale=7\n' | sha256sum
  v1::Recipe recipe;
  recipe.set_steps(20);
  recipe.set_guidance_scale(7);

  EXPECT_EQ(recipe_hash(recipe).hex(),
            "b504b17f97a1470e7e1619f8140dfd67cdfa72aec1544a9b0c0008d16e973008");
}

TEST(Recipe, AModelCountsByItsContentAndNotByItsName) {
  v1::Recipe renamed = a_recipe();
  renamed.mutable_model()->set_name("another name");

  EXPECT_EQ(recipe_hash(renamed), recipe_hash(a_recipe()));
}

/// Sets one field of a message to what it is not by default.
void set_field(google::protobuf::Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, field, std::string(32, 'x'));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, field, 77);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, field, 77);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, field, 0.0625);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, field, true);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* type = field->enum_type();
      return reflection.SetEnumValue(&message, field,
                                     type->value(type->value_count() - 1)->number());
    }
    default:
      FAIL() << "a field of a type that the canonical form does not know: " << field->full_name();
  }
}

/// Sets each field of `message`, and of the messages in it, calls `check` and clears it again.
void each_field(google::protobuf::Message& message,
                const std::function<void(const FieldDescriptor*)>& check) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      set_field(message, field);
      check(field);
    } else if (field->is_repeated()) {
      each_field(*reflection.AddMessage(&message, field), check);
    } else {
      each_field(*reflection.MutableMessage(&message, field), check);
    }
    reflection.ClearField(&message, field);
  }
}

TEST(Recipe, EveryFieldButANameIsInTheCanonicalForm) {
  v1::Recipe recipe;
  int fields = 0;
  each_field(recipe, [&](const FieldDescriptor* field) {
    ++fields;
    const auto* message = field->containing_type();
    const bool is_name = field->name() == "name" && (message == v1::ModelRef::descriptor() ||
                                                     message == v1::PictureRef::descriptor());
    const bool is_left_out = canonical_form(recipe) == canonical_form(v1::Recipe());
    EXPECT_EQ(is_left_out, is_name) << field->full_name();
  });
  EXPECT_GT(fields, 50);
}

TEST(Recipe, OptionalFieldsAreWrittenWhenPresent) {
  v1::Recipe recipe;
  recipe.mutable_sampler_options()->set_eta(0);

  EXPECT_EQ(canonical_form(recipe), "furrow-recipe/1\nsampler_options.eta=0\n");
}

TEST(Recipe, WhatAnUnspecifiedOptionMeansIsTheSameRecipe) {
  v1::Recipe unspecified;
  unspecified.mutable_image_to_image()->mutable_inpaint();
  v1::Recipe written = unspecified;
  written.mutable_image_to_image()->set_resize_mode(v1::RESIZE_MODE_STRETCH);
  written.mutable_image_to_image()->mutable_inpaint()->set_content(v1::MASKED_CONTENT_ORIGINAL);
  written.mutable_noise()->set_source(v1::NOISE_SOURCE_CPU);

  EXPECT_EQ(canonical_form(written), canonical_form(unspecified));
}

TEST(Recipe, EveryPartHasItsPlaceInTheCanonicalForm) {
  v1::Recipe recipe;
  recipe.set_seed(1);
  v1::ImageToImage& run = *recipe.mutable_image_to_image();
  run.mutable_picture()->set_name("cat.png");
  run.mutable_picture()->set_hash("\x01\x02");
  run.set_denoising_strength(0.5);
  run.mutable_inpaint()->mutable_mask()->set_hash("\x03");
  run.mutable_inpaint()->set_inverted(true);
  recipe.mutable_noise()->set_source(v1::NOISE_SOURCE_PHILOX);
  recipe.mutable_hires()->set_upscaler("latent");
  recipe.add_loras()->set_hash("\xab");
  recipe.add_loras()->set_hash("\xcd");

  EXPECT_EQ(canonical_form(recipe),
            "furrow-recipe/1\n"
            "seed=1\n"
            "image_to_image.picture=0102\n"
            "image_to_image.denoising_strength=0.5\n"
            "image_to_image.inpaint.mask=03\n"
            "image_to_image.inpaint.inverted=1\n"
            "noise.source=2\n"
            "hires.upscaler=\"latent\"\n"
            "lora=ab\n"
            "lora=cd\n");
}

TEST(Recipe, TextsCannotPassForOtherFields) {
  v1::Recipe one;
  one.set_prompt("a\"\nsteps=20");
  v1::Recipe other;
  other.set_prompt("a");
  other.set_steps(20);

  EXPECT_NE(recipe_hash(one), recipe_hash(other));
}

}  // namespace
}  // namespace furrow::spec
