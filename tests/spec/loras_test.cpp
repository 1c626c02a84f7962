#include "common/spec/loras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/grid.h"
#include "common/spec/model_choice.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

v1::ModelOnDisk a_lora(std::string_view name, std::string_view family = "sd1") {
  v1::ModelOnDisk lora = a_model(name, {.vae_factor = 0, .default_size = 0, .kind = "lora"});
  lora.set_family(std::string(family));
  return lora;
}

Catalog with_loras() {
  Catalog catalog = a_catalog();
  for (const std::string_view name : {"detail", "ink", "zebra"}) {
    catalog.models.push_back(a_lora(name));
  }
  catalog.models.push_back(a_lora("large", "sdxl"));
  return catalog;
}

std::vector<std::string> names_of(const v1::Recipe& recipe) {
  std::vector<std::string> names;
  for (const v1::ModelRef& lora : recipe.loras()) names.push_back(lora.name());
  return names;
}

v1::Plan plan_of(const SweepBuilder& sweep) {
  const auto plan = sweep.plan(with_loras());
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? plan->plan : v1::Plan();
}

std::string fault_of(const SweepBuilder& sweep) {
  const auto plan = sweep.plan(with_loras());
  return plan ? "(no fault)" : plan.error().message;
}

TEST(Loras, APromptsTagsAreFoundWithTheirPlaces) {
  const auto loras = loras_in("é <lora:ink:0.5> cat <b> # <lora:no>\n<LyCo: detail >");

  ASSERT_TRUE(loras) << loras.error().message;
  ASSERT_EQ(loras->size(), 2U);
  EXPECT_EQ(loras->front().name, "ink");
  EXPECT_EQ(loras->front().position, 3U);
  EXPECT_EQ(loras->back().name, "detail");
}

TEST(Loras, ARecipeNamesThoseOfItsPromptInTheOrderOfTheirNames) {
  const v1::Plan plan =
      plan_of(a_sweep().prompt("cat <lora:zebra:1> <lora:detail:0.5> <lora:zebra:2>"));

  const v1::Recipe recipe = Grid(plan).recipe(0);

  EXPECT_THAT(names_of(recipe), ElementsAre("detail", "zebra"));
  EXPECT_EQ(recipe.loras(0).hash(), sha256("detail").raw());
}

TEST(Loras, EachCellHasThoseOfItsOwnPrompts) {
  const v1::Plan plan =
      plan_of(a_sweep()
                  .prompt("a cat STYLE")
                  .axis("Prompt S/R", "STYLE, <lora:ink:1>, \"<lora:zebra:1>, big\""));
  const Grid grid(plan);

  EXPECT_THAT(names_of(plan.base()), ElementsAre("ink", "zebra"));
  EXPECT_THAT(names_of(grid.recipe(0)), IsEmpty());
  EXPECT_THAT(names_of(grid.recipe(1)), ElementsAre("ink"));
  EXPECT_THAT(names_of(grid.recipe(2)), ElementsAre("zebra"));
}

TEST(Loras, ANameMayBeWhatAnAxisPutsIn) {
  const Grid grid(plan_of(a_sweep().prompt("cat <lora:ink:1>").axis("Prompt S/R", "ink, detail")));

  EXPECT_THAT(names_of(grid.recipe(1)), ElementsAre("detail"));
}

TEST(Loras, PromptsOfAxesAndOfTheSecondRunCount) {
  SweepBuilder sweep = a_sweep().listed("Prompt", {"a <lora:ink:1>", "b"});
  sweep.base().set_hires_scale(2);
  sweep.base().set_hires_prompt("c <lora:detail:1>");
  const Grid grid(plan_of(sweep));

  EXPECT_THAT(names_of(grid.recipe(0)), ElementsAre("detail", "ink"));
  EXPECT_THAT(names_of(grid.recipe(1)), ElementsAre("detail"));
}

TEST(Loras, EveryTagOfAChoiceCounts) {
  const Grid grid(plan_of(a_sweep().prompt("{<lora:ink:1>|<lora:detail:1>} cat")));

  EXPECT_THAT(names_of(grid.recipe(0)), ElementsAre("detail", "ink"));
}

TEST(Loras, TheContentOfALoraIsPartOfTheIdentity) {
  Catalog catalog = with_loras();
  const SweepBuilder sweep = a_sweep().prompt("cat <lora:ink:1>");
  const Digest before = Grid(sweep.plan(catalog)->plan).recipe_hash(0);
  for (v1::ModelOnDisk& model : catalog.models) {
    if (model.model().name() == "ink") model.mutable_model()->set_hash(sha256("retrained").raw());
  }

  EXPECT_NE(Grid(sweep.plan(catalog)->plan).recipe_hash(0), before);
}

TEST(Loras, AnUnknownOneIsNamedWithItsPlaceAndTheNearest) {
  EXPECT_THAT(
      fault_of(a_sweep().prompt("cat <lora:detial:0.8>")),
      AllOf(HasSubstr("Prompt, character 5, \"<lora:detial:0.8>\""),
            HasSubstr("\"detial\" is not a LoRA that any worker has. Did you mean \"detail\"?")));
  EXPECT_THAT(fault_of(a_sweep().prompt("X").axis("Prompt S/R", "X, <lora:nope>, <lora:ink>")),
              AllOf(HasSubstr("\"nope\" is not a LoRA"), Not(HasSubstr("\"ink\" is not"))));
}

TEST(Loras, AModelOrVaeIsNoLora) {
  EXPECT_THAT(fault_of(a_sweep().prompt("<lora:emoji:1>")), HasSubstr("is not a LoRA"));
  EXPECT_FALSE(find_model(with_loras(), "ink"));
}

TEST(Loras, OneForAnotherFamilyIsAFault) {
  EXPECT_THAT(fault_of(a_sweep().prompt("<lora:large:1>")),
              HasSubstr("the LoRA is for models of the family sdxl, and emoji is of sd1"));
}

TEST(Loras, TagsThatCannotBeReadAreFaults) {
  EXPECT_THAT(fault_of(a_sweep().prompt("<lora:ink:much>")), HasSubstr("is not a strength"));
  EXPECT_THAT(fault_of(a_sweep().prompt("<lora:{ink|zebra}:1>")), HasSubstr("cannot be a choice"));
  EXPECT_THAT(fault_of(a_sweep().prompt("a").negative_prompt("b <lora:ink:1>")),
              HasSubstr("Negative prompt, character 3"));
}

TEST(Loras, ALargeSweepsTextsAreStillLookedAt) {
  std::vector<std::string> prompts(5000, "cat X");
  prompts.back() = "cat <lora:nope:1>";
  SweepBuilder sweep = a_sweep().listed("Prompt", prompts).axis("Prompt S/R", "X, <lora:zilch:1>");

  const std::string faults = fault_of(sweep);

  EXPECT_THAT(faults, AllOf(HasSubstr("nope"), HasSubstr("zilch")));
}

}  // namespace
}  // namespace furrow::spec
