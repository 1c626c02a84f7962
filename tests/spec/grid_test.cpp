#include "common/spec/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Grid grid_of(const SweepBuilder& sweep, const Catalog& catalog = a_catalog()) {
  auto plan = sweep.plan(catalog);
  EXPECT_TRUE(plan) << plan.error().message;
  return Grid(plan->plan);
}

TEST(Grid, WithoutAxesThereIsOneCell) {
  const Grid grid = grid_of(a_sweep().prompt("a cat"));

  EXPECT_EQ(grid.cell_count(), 1U);
  EXPECT_THAT(grid.coordinates(0), ElementsAre());
  EXPECT_EQ(grid.recipe(0).prompt(), "a cat");
}

TEST(Grid, TheFirstAxisVariesFastest) {
  const Grid grid = grid_of(a_sweep().axis("Steps", "10, 20, 30").axis("Seed", "1, 2"));

  EXPECT_THAT(grid.lengths(), ElementsAre(3, 2));
  EXPECT_THAT(grid.coordinates(4), ElementsAre(1, 1));
  EXPECT_EQ(grid.recipe(4).steps(), 20U);
  EXPECT_EQ(grid.recipe(4).seed(), 2U);
}

TEST(Grid, ValuesOfSeveralRunsFollowEachOther) {
  const Grid grid = grid_of(a_sweep().axis("Seed", "5, 1-3, 9-7, 100-300 (+100)"));
  const std::vector<std::uint64_t> expected = {5, 1, 2, 3, 9, 8, 7, 100, 200, 300};

  ASSERT_EQ(grid.cell_count(), expected.size());
  for (std::uint64_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(grid.recipe(i).seed(), expected[i]);
  }
}

TEST(Grid, TheFirstCellOfASearchShowsThePromptAsWritten) {
  const Grid grid = grid_of(a_sweep()
                                .prompt("a cat and a cat")
                                .negative_prompt("cat")
                                .axis("Prompt S/R", "cat, dog, \"\""));

  EXPECT_EQ(grid.recipe(0).prompt(), "a cat and a cat");
  EXPECT_EQ(grid.recipe(1).prompt(), "a dog and a dog");
  EXPECT_EQ(grid.recipe(1).negative_prompt(), "dog");
  EXPECT_EQ(grid.recipe(2).prompt(), "a  and a ");
}

TEST(Grid, SearchesActInTheOrderOfTheirRoles) {
  const Grid grid = grid_of(a_sweep()
                                .prompt("cat")
                                .axis("Prompt S/R", "dog, fox", v1::AXIS_ROLE_Y)
                                .axis("Prompt S/R", "cat, dog", v1::AXIS_ROLE_X));

  // X makes a dog of the cat, then Y a fox of the dog.
  EXPECT_EQ(grid.recipe(grid.index({1, 1})).prompt(), "fox");
  EXPECT_EQ(grid.recipe(grid.index({1, 0})).prompt(), "cat");
}

TEST(Grid, SearchesActOnThePromptsOfAPromptAxisWhateverTheOrder) {
  const Grid grid =
      grid_of(a_sweep().axis("Prompt S/R", "cat, fox").axis("Prompt", "one cat || two cats"));

  EXPECT_EQ(grid.recipe(grid.index({1, 1})).prompt(), "two foxs");
}

TEST(Grid, PhrasesAreFoundInThePromptAsWrittenThenReplaced) {
  const Grid grid = grid_of(a_sweep()
                                .prompt("a cat, red")
                                .axis("Prompt S/R", "cat, fox")
                                .axis("Prompt order", "a cat, red"));

  EXPECT_EQ(grid.recipe(grid.index({1, 1})).prompt(), "red, a fox");
}

TEST(Grid, AnAutomaticScheduleBecomesTheSamplersOwn) {
  const Grid grid =
      grid_of(a_sweep().axis("Sampler", "Euler, DPM++ 2M, DPM++ 2M SDE, DDIM Karras"));

  EXPECT_EQ(grid.recipe(0).schedule(), "normal");
  EXPECT_EQ(grid.recipe(1).schedule(), "karras");
  EXPECT_EQ(grid.recipe(2).schedule(), "exponential");
  EXPECT_EQ(grid.recipe(3).schedule(), "karras");
}

TEST(Grid, AWrittenScheduleHoldsForEverySampler) {
  SweepBuilder sweep = a_sweep().axis("Sampler", "Euler, DPM++ 2M");
  sweep.base().set_schedule("simple");
  const Grid grid = grid_of(sweep);

  EXPECT_EQ(grid.recipe(0).schedule(), "simple");
  EXPECT_EQ(grid.recipe(1).schedule(), "simple");
}

TEST(Grid, AutomaticVaeKeepsTheModelsOwn) {
  SweepBuilder sweep = a_sweep().axis("VAE", "automatic, sharp");
  sweep.base().set_vae("sharp");
  const Grid grid = grid_of(sweep);

  EXPECT_FALSE(grid.recipe(0).has_vae());
  EXPECT_EQ(grid.recipe(1).vae().name(), "sharp");
}

TEST(Grid, ModelsVarySlowestInRenderOrder) {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("other"));
  const Grid grid =
      grid_of(a_sweep().axis("Model", "emoji, other").axis("Width", "64, 128").axis("Seed", "1-3"),
              catalog);

  std::vector<std::string> models;
  std::vector<std::uint32_t> widths;
  for (std::uint64_t position = 0; position < grid.cell_count(); ++position) {
    const v1::Recipe recipe = grid.recipe(grid.index_in_render_order(position));
    if (models.empty() || models.back() != recipe.model().name())
      models.push_back(recipe.model().name());
    if (widths.empty() || widths.back() != recipe.width()) widths.push_back(recipe.width());
  }

  EXPECT_THAT(models, ElementsAre("emoji", "other"));
  EXPECT_THAT(widths, ElementsAre(64, 128, 64, 128));
}

TEST(Grid, LabelsReadAsPeopleWrite) {
  const Grid grid = grid_of(a_sweep()
                                .prompt("a cat")
                                .axis("CFG scale", "7, 0.1-0.5 (+0.1), 2.123456")
                                .axis("Prompt S/R", "cat, dog face")
                                .axis("Sampler", "dpmpp_2m_karras")
                                .axis("Seed", "1")
                                .axis("Size", "64X64"));

  EXPECT_EQ(grid.value_label(0, 0), "7");
  EXPECT_EQ(grid.value_label(0, 3), "0.3");
  EXPECT_EQ(grid.value_label(0, 6), "2.1235");
  EXPECT_EQ(grid.coordinate_label(0, 0), "CFG scale: 7");
  EXPECT_EQ(grid.coordinate_label(1, 1), "dog face");
  EXPECT_EQ(grid.coordinate_label(2, 0), "DPM++ 2M Karras");
  EXPECT_EQ(grid.coordinate_label(3, 0), "Seed: 1");
  EXPECT_EQ(grid.coordinate_label(4, 0), "Size: 64x64");
}

TEST(Grid, OpenTakesWhatMakePlanMade) {
  const auto plan =
      a_sweep().prompt("cat").axis("Seed", "1-9").axis("Prompt S/R", "cat, dog").plan();
  ASSERT_TRUE(plan);

  const auto grid = Grid::open(plan->plan);

  ASSERT_TRUE(grid) << grid.error().message;
  EXPECT_EQ(grid->cell_count(), 18U);
}

TEST(Grid, OpenRefusesPlansOfANewerFurrow) {
  const auto made = a_sweep().axis("Sampler", "Euler").axis("Seed", "1-9").plan();
  ASSERT_TRUE(made);
  const auto refusal_of = [&](auto change) {
    v1::Plan plan = made->plan;
    change(plan);
    const auto grid = Grid::open(plan);
    return grid ? "(taken)" : grid.error().message;
  };

  EXPECT_THAT(refusal_of([](v1::Plan& p) { p.mutable_axes(1)->set_field("lora"); }),
              HasSubstr("axis \"lora\""));
  EXPECT_THAT(refusal_of([](v1::Plan& p) { p.mutable_base()->set_sampler("dc_solver"); }),
              HasSubstr("dc_solver"));
  EXPECT_THAT(refusal_of([](v1::Plan& p) {
                p.mutable_axes(0)->mutable_values()->mutable_samplers(0)->set_schedule("cosmic");
              }),
              HasSubstr("newer furrow"));
  EXPECT_THAT(refusal_of([](v1::Plan& p) { p.mutable_axes(1)->clear_values(); }),
              HasSubstr("empty"));
  EXPECT_THAT(refusal_of([](v1::Plan& p) {
                p.mutable_axes(1)->mutable_values()->mutable_integers(0)->set_count(~0ULL);
              }),
              HasSubstr("newer furrow"));
}

}  // namespace
}  // namespace furrow::spec
