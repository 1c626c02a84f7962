#include "coordinator/net/plan_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/net/plan_price.h"

namespace furrow::net {
namespace {

v1::Plan a_plan() {
  v1::Plan plan;
  auto& base = *plan.mutable_base();
  base.set_prompt("a cat");
  base.set_steps(20);
  base.set_guidance_scale(7);
  base.set_sampler("euler");
  base.set_schedule("normal");
  base.set_width(64);
  base.set_height(32);
  base.set_clip_skip(1);
  base.mutable_model()->set_hash(std::string(32, 'm'));
  return plan;
}

void add_seeds(v1::Plan& plan, std::int64_t first, std::uint64_t count) {
  auto& axis = *plan.add_axes();
  axis.set_field("seed");
  auto& run = *axis.mutable_values()->add_integers();
  run.set_first(first);
  run.set_step(1);
  run.set_count(count);
}

void add_guidance(v1::Plan& plan, std::initializer_list<double> values) {
  auto& axis = *plan.add_axes();
  axis.set_field("guidance_scale");
  for (const double value : values) axis.mutable_values()->add_numbers(value);
}

void add_models(v1::Plan& plan, std::initializer_list<char> hashes) {
  auto& axis = *plan.add_axes();
  axis.set_field("model");
  for (const char hash : hashes) {
    axis.mutable_values()->add_models()->mutable_model()->set_hash(std::string(32, hash));
  }
}

TEST(PlanEstimate, EveryCellOfASmallSweepIsLookedAt) {
  auto plan = a_plan();
  add_seeds(plan, 1, 3);
  add_guidance(plan, {5, 7, 5});

  const auto result = estimate(spec::Grid(plan));

  EXPECT_EQ(result.cells, 9U);
  EXPECT_EQ(result.unique_cells, 6U) << "the third guidance scale repeats the first";
  EXPECT_EQ(result.recipes.size(), 6U);
  EXPECT_FALSE(result.estimated);
  EXPECT_DOUBLE_EQ(result.pixel_steps, 9.0 * 20 * 64 * 32);
  EXPECT_DOUBLE_EQ(result.pixels, 9.0 * 64 * 32);
}

TEST(PlanEstimate, ModelsSwitchBetweenBlocksOfCells) {
  auto plan = a_plan();
  add_models(plan, {'a', 'b', 'c'});
  add_seeds(plan, 1, 10);

  EXPECT_EQ(estimate(spec::Grid(plan)).model_switches, 2U);
}

TEST(PlanEstimate, ALargeSweepIsSampled) {
  auto plan = a_plan();
  add_seeds(plan, 1, kExactCells);
  add_guidance(plan, {5, 7, 5, 9});

  const auto result = estimate(spec::Grid(plan));

  EXPECT_TRUE(result.estimated);
  EXPECT_EQ(result.cells, 4 * kExactCells);
  EXPECT_EQ(result.unique_cells, 3 * kExactCells);
  EXPECT_LE(result.recipes.size(), 10'100U);
  EXPECT_NEAR(result.pixels, 4.0 * kExactCells * 64 * 32, 1);
}

TEST(PlanEstimate, CacheHitsOfASampleAreScaledUp) {
  PlanEstimate sample;
  sample.unique_cells = 1000;
  sample.recipes.resize(10);

  EXPECT_EQ(sample.cache_hits(3), 300U);
}

TEST(PlanPrice, DeviceSecondsFollowFromWhatWasMeasured) {
  PlanEstimate plan{.cells = 10,
                    .unique_cells = 10,
                    .recipes = std::vector<Digest>(10),
                    .pixel_steps = 1000,
                    .pixels = 100};

  const auto summary = price(plan, 5, {.seconds_per_pixel_step = 0.1, .bytes_per_pixel = 2},
                             {.devices = 2, .seconds_of_queue = 7});

  EXPECT_EQ(summary.cache_hits(), 5U);
  EXPECT_DOUBLE_EQ(summary.device_seconds(), 50);
  EXPECT_DOUBLE_EQ(summary.eta_s(), 7 + 25);
  EXPECT_EQ(summary.disk_bytes(), 100U);
}

TEST(PlanPrice, WhatWasNeverMeasuredIsNotInvented) {
  PlanEstimate plan{.cells = 1,
                    .unique_cells = 1,
                    .recipes = std::vector<Digest>(1),
                    .pixel_steps = 1000,
                    .pixels = 100};

  const auto summary = price(plan, 0, {}, {.devices = 2});

  EXPECT_LT(summary.device_seconds(), 0);
  EXPECT_LT(summary.eta_s(), 0);
  EXPECT_GT(summary.disk_bytes(), 0U);
}

TEST(PlanPrice, WithoutAWorkerNoEndIsPromised) {
  PlanEstimate plan{.cells = 1,
                    .unique_cells = 1,
                    .recipes = std::vector<Digest>(1),
                    .pixel_steps = 1000,
                    .pixels = 100};

  EXPECT_LT(price(plan, 0, {.seconds_per_pixel_step = 1}, {.devices = 0}).eta_s(), 0);
}

}  // namespace
}  // namespace furrow::net
