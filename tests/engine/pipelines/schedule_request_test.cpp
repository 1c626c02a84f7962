#include "worker/engine/pipelines/schedule_request.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "worker/engine/diffusion/flow_sigmas.h"

namespace furrow::engine::pipelines {

namespace {

using diffusion::SchedulerConfig;
using diffusion::SigmaCurve;

constexpr DenoiserTraits kFlux = {.patch = 2, .spaces_sigmas_evenly = true};
const std::vector<std::int64_t> kLatent = {1, 16, 64, 32};

SchedulerConfig a_flow() {
  SchedulerConfig config;
  config.is_flow = true;
  return config;
}

TEST(ScheduleRequest, ShiftsByTheTokensOfThePicture) {
  const auto request = schedule_request(kFlux, a_flow(), 4, kLatent);

  EXPECT_EQ(request.mu, diffusion::shift_of_image(a_flow().flow, 32 * 16));
}

TEST(ScheduleRequest, SpacesFluxEvenlyFromPureNoise) {
  const auto request = schedule_request(kFlux, a_flow(), 4, kLatent);

  EXPECT_EQ(request.sigmas, (std::vector<double>{1, 0.75, 0.5, 0.25}));
  EXPECT_TRUE(schedule_request(kFlux, a_flow(), 0, kLatent).sigmas.empty());
}

TEST(ScheduleRequest, LeavesACurveThatPicksItsLevelsAlone) {
  SchedulerConfig picks = a_flow();
  picks.curve = SigmaCurve::Simple;
  SchedulerConfig runs = a_flow();
  runs.curve = SigmaCurve::Karras;

  EXPECT_TRUE(schedule_request(kFlux, picks, 4, kLatent).sigmas.empty());
  EXPECT_EQ(schedule_request(kFlux, runs, 4, kLatent).sigmas.size(), 4U);
}

TEST(ScheduleRequest, AsksNothingButStepsOfOtherModels) {
  const auto request = schedule_request({}, SchedulerConfig(), 7, kLatent);

  EXPECT_EQ(request.steps, 7);
  EXPECT_FALSE(request.mu);
  EXPECT_TRUE(request.sigmas.empty());
}

}  // namespace

}  // namespace furrow::engine::pipelines
