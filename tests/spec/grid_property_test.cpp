// What holds for every sweep, tried on random ones. FURROW_TEST_SEED repeats a run.
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/spec/grid.h"
#include "common/spec/recipe.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

constexpr int kSweeps = 60;
constexpr std::uint64_t kMostCells = 3000;

class GridProperty : public testing::Test {
 protected:
  GridProperty() : seed_(chosen_seed()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  void TearDown() override {
    if (HasFailure()) std::cerr << "repeat with FURROW_TEST_SEED=" << seed_ << "\n";
  }

  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }

  std::string some_list(int low, int high) {
    std::string list;
    for (int n = pick(1, 4); n > 0; --n) list += fmt::format("{},", pick(low, high));
    return list;
  }

  /// A sweep of random axes, each kind at most once, of few enough cells to look at each.
  Grid some_grid() {
    for (;;) {
      SweepBuilder sweep = a_sweep().prompt("a cat, a dog, a fox").negative_prompt("cat");
      add_axes(sweep);
      const auto plan = sweep.plan(catalog_);
      EXPECT_TRUE(plan) << plan.error().message;
      Grid grid(plan->plan);
      if (grid.cell_count() <= kMostCells) return grid;
    }
  }

 private:
  static unsigned chosen_seed() {
    const char* given = std::getenv("FURROW_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  }

  void add_axes(SweepBuilder& sweep) {
    std::vector<std::pair<std::string, std::string>> axes = {
        {"Seed", fmt::format("{}, {}-{}", pick(0, 9), pick(0, 9), pick(0, 9))},
        {"Steps", some_list(1, 30)},
        {"CFG scale", fmt::format("{}-{} (+0.5)", pick(1, 3), pick(4, 6))},
        {"Sampler", "Euler, Euler Karras, DPM++ 2M"},
        {"Prompt S/R", "cat, dog, wolf"},
        {"Prompt order", "a cat, a dog"},
        {"Model", "emoji, other"},
        {"VAE", "automatic, sharp"},
        {"Size", "64x64, 64x128, 128x64"},
        {"Clip skip", "1-3"},
    };
    std::ranges::shuffle(axes, random_);
    axes.resize(static_cast<std::size_t>(pick(0, 5)));
    for (const auto& [label, values] : axes) sweep.axis(label, values);
  }

  const unsigned seed_;
  std::mt19937 random_;
  const Catalog catalog_ = {
      {a_model("emoji"), a_model("other"), a_model("sharp", {.vae_only = true})}, "emoji"};
};

TEST_F(GridProperty, EveryCellHasItsOwnCoordinatesAndTheyLeadBack) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    std::uint64_t product = 1;
    for (const std::uint64_t length : grid.lengths()) product *= length;
    EXPECT_EQ(grid.cell_count(), product);
    std::set<std::vector<std::uint64_t>> seen;
    for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
      const auto coordinates = grid.coordinates(index);
      EXPECT_TRUE(seen.insert(coordinates).second);
      ASSERT_EQ(grid.index(coordinates), index);
    }
  }
}

TEST_F(GridProperty, RenderOrderVisitsEveryCellOnce) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    std::vector<bool> visited(grid.cell_count());
    for (std::uint64_t position = 0; position < grid.cell_count(); ++position) {
      const std::uint64_t index = grid.index_in_render_order(position);
      ASSERT_LT(index, grid.cell_count());
      EXPECT_FALSE(visited[index]);
      visited[index] = true;
    }
  }
}

TEST_F(GridProperty, RenderOrderSwitchesModelsNoMoreThanItMust) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    std::set<std::string> models;
    std::string last;
    std::size_t switches = 0;
    for (std::uint64_t position = 0; position < grid.cell_count(); ++position) {
      const std::string model = grid.recipe(grid.index_in_render_order(position)).model().name();
      models.insert(model);
      if (model != last) ++switches;
      last = model;
    }
    EXPECT_EQ(switches, models.size());
  }
}

TEST_F(GridProperty, RecipesHaveOneIdentityExactlyWhenTheyAreEqual) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    std::unordered_map<Digest, std::string> recipes;
    for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
      const std::string bytes = grid.recipe(index).SerializeAsString();
      const auto [known, is_new] = recipes.emplace(grid.recipe_hash(index), bytes);
      ASSERT_EQ(known->second, bytes);
    }
    std::unordered_set<std::string> different;
    for (const auto& [hash, bytes] : recipes) EXPECT_TRUE(different.insert(bytes).second);
  }
}

TEST_F(GridProperty, RecipesAreResolved) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
      EXPECT_NE(grid.recipe(index).schedule(), "automatic");
      EXPECT_EQ(grid.recipe(index).model().hash().size(), 32U);
    }
  }
}

TEST_F(GridProperty, AGridComesBackFromItsBytesAsItWas) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const Grid grid = some_grid();
    v1::Plan plan;
    ASSERT_TRUE(plan.ParseFromString(grid.plan().SerializeAsString()));
    const auto opened = Grid::open(plan);
    ASSERT_TRUE(opened) << opened.error().message;
    for (std::uint64_t index = 0; index < grid.cell_count(); index += 7) {
      EXPECT_EQ(opened->recipe_hash(index), grid.recipe_hash(index));
    }
  }
}

}  // namespace
}  // namespace furrow::spec
