#include "coordinator/net/plan_price.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "common/spec/grid.h"

namespace furrow::net {

namespace {

constexpr std::size_t kJobsToAverage = 20;
constexpr std::uint32_t kCellsToAverage = 100;
// An RGB PNG of a photo-like picture takes about half of its three bytes a pixel.
constexpr double kUsualBytesPerPixel = 1.5;

/// A job with finished cells.
struct PastJob {
  JobId id;
  std::uint64_t done = 0;
  double render_seconds = 0;
  v1::Recipe recipe;  ///< of its first cell, taken for all
};

/// Sums over jobs, to be divided.
struct Totals {
  double seconds = 0;
  double pixel_steps = 0;
  double bytes = 0;
  double pixels = 0;

  PastCost averages() const {
    return {pixel_steps > 0 ? seconds / pixel_steps : -1, pixels > 0 ? bytes / pixels : -1};
  }
};

double pixels(const v1::Recipe& recipe) {
  return static_cast<double>(recipe.width()) * recipe.height();
}

std::vector<PastJob> past_jobs(CoreCalls& calls, store::Reader& reader) {
  std::vector<std::shared_ptr<const spec::Grid>> grids;
  auto jobs = calls.peek([&](const core::Core& core, Now now) {
    std::vector<PastJob> found;
    for (const JobId id : core.jobs(kJobsToAverage, {})) {
      const auto view = core.job_view(id, now);
      if (view.cells().done() == 0 || view.render_seconds() <= 0) continue;
      found.push_back({id, view.cells().done(), view.render_seconds(), {}});
      grids.push_back(core.grid(id));
    }
    return found;
  });
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (grids[i] == nullptr) {
      auto plan = reader.plan(jobs[i].id);
      auto grid = plan ? spec::Grid::open(*std::move(plan)) : plan.unexpected();
      if (grid) grids[i] = std::make_shared<const spec::Grid>(*std::move(grid));
    }
    if (grids[i] != nullptr) jobs[i].recipe = grids[i]->recipe(0);
  }
  return jobs;
}

void add(const PastJob& job, store::Reader& reader, Totals& totals) {
  totals.seconds += job.render_seconds;
  totals.pixel_steps += static_cast<double>(job.done) * job.recipe.steps() * pixels(job.recipe);
  const auto page = reader.cells(job.id, 0, kCellsToAverage, {v1::CELL_STATE_DONE});
  if (!page) return;
  for (const auto& cell : page->cells) {
    if (cell.artifact_bytes() == 0) continue;
    totals.bytes += static_cast<double>(cell.artifact_bytes());
    totals.pixels += pixels(job.recipe);
  }
}

}  // namespace

PastCost measure_past(CoreCalls& calls, store::Reader& reader, const v1::Recipe& base) {
  Totals of_model;
  Totals of_all;
  for (const auto& job : past_jobs(calls, reader)) {
    add(job, reader, of_all);
    if (job.recipe.model().hash() == base.model().hash()) add(job, reader, of_model);
  }
  return of_model.pixel_steps > 0 ? of_model.averages() : of_all.averages();
}

FarmLoad measure_load(CoreCalls& calls) {
  return calls.peek([](const core::Core& core, Now now) {
    FarmLoad load;
    for (const auto& worker : core.workers(now)) {
      if (worker.connected()) load.devices += static_cast<std::uint32_t>(worker.devices_size());
    }
    for (const JobId job :
         core.jobs(kJobsToAverage, {v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING})) {
      const double eta = core.job_view(job, now).eta_s();
      if (eta < 0) load.seconds_of_queue = -1;
      if (load.seconds_of_queue >= 0) load.seconds_of_queue = std::max(load.seconds_of_queue, eta);
    }
    return load;
  });
}

v1::PlanSummary price(const PlanEstimate& estimate, std::uint64_t hits, const PastCost& past,
                      const FarmLoad& load) {
  v1::PlanSummary summary;
  summary.set_cells(estimate.cells);
  summary.set_unique_cells(estimate.unique_cells);
  summary.set_cache_hits(estimate.cache_hits(hits));
  summary.set_model_switches(estimate.model_switches);
  summary.set_estimated(estimate.estimated);
  // Like cells are rendered once, known ones not at all.
  const auto to_render = static_cast<double>(estimate.unique_cells - summary.cache_hits());
  const double share = estimate.cells == 0 ? 0 : to_render / static_cast<double>(estimate.cells);
  const double seconds = share * estimate.pixel_steps * past.seconds_per_pixel_step;
  const bool is_known = past.seconds_per_pixel_step >= 0 || to_render == 0;
  summary.set_device_seconds(is_known ? std::max(seconds, 0.0) : -1);
  const bool has_eta = is_known && load.devices > 0 && load.seconds_of_queue >= 0;
  summary.set_eta_s(has_eta ? load.seconds_of_queue + summary.device_seconds() / load.devices : -1);
  const double per_pixel = past.bytes_per_pixel >= 0 ? past.bytes_per_pixel : kUsualBytesPerPixel;
  summary.set_disk_bytes(static_cast<std::uint64_t>(share * estimate.pixels * per_pixel));
  return summary;
}

}  // namespace furrow::net
