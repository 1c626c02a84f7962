#include "common/spec/recipe.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

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

TEST(Recipe, ChangingAnyFieldChangesTheIdentity) {
  const std::vector<std::function<void(v1::Recipe&)>> changes = {
      [](v1::Recipe& r) { r.set_prompt("a cat"); },
      [](v1::Recipe& r) { r.set_negative_prompt(""); },
      [](v1::Recipe& r) { r.set_seed(0); },
      [](v1::Recipe& r) { r.set_steps(21); },
      [](v1::Recipe& r) { r.set_guidance_scale(6.500001); },
      [](v1::Recipe& r) { r.set_sampler("euler"); },
      [](v1::Recipe& r) { r.set_schedule("karras"); },
      [](v1::Recipe& r) { r.set_width(64); },
      [](v1::Recipe& r) { r.set_height(128); },
      [](v1::Recipe& r) { r.set_clip_skip(2); },
      [](v1::Recipe& r) { r.mutable_model()->set_hash(std::string(32, '\xac')); },
      [](v1::Recipe& r) { r.mutable_vae()->set_hash(std::string(32, '\xab')); },
  };
  ASSERT_EQ(static_cast<int>(changes.size()), v1::Recipe::descriptor()->field_count())
      << "a field of Recipe is not in this test, or not in the canonical form";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    v1::Recipe changed = a_recipe();
    changes[i](changed);
    EXPECT_NE(recipe_hash(changed), recipe_hash(a_recipe())) << "field " << i + 1;
  }
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
