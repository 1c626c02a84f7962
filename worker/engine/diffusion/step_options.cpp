// Which options of the steps a sampler heeds, and whether they are in range.

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/engine/diffusion/sampler_class.h"

namespace furrow::engine::diffusion {
namespace {

Result<void> check_number(std::string_view what, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  if (std::isinf(most))
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {} is not a number from {} up", what, value, least));
  return fail(ErrorKind::Invalid,
              fmt::format("{}: {} is not between {} and {}", what, value, least, most));
}

Result<void> check_ranges(const StepOptions& options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kFinite = std::numeric_limits<double>::max();
  FURROW_TRY_VOID(check_number("eta", options.eta.value_or(0), 0, 1));
  FURROW_TRY_VOID(check_number("s_churn", options.s_churn, 0, kFinite));
  FURROW_TRY_VOID(check_number("s_tmin", options.s_tmin, 0, kFinite));
  FURROW_TRY_VOID(check_number("s_tmax", options.s_tmax, options.s_tmin, kInfinity));
  FURROW_TRY_VOID(check_number("s_noise", options.s_noise, 0, kFinite));
  return {};
}

/// The samplers that heed an option, by their classes' names.
template <typename Takes>
Unexpected not_heeded(std::string_view option, const SamplerClass& row, Takes takes) {
  std::vector<std::string_view> others;
  for (const SamplerClass& other : sampler_classes())
    if (takes(other.heeds)) others.push_back(other.name);
  return fail(ErrorKind::Invalid,
              fmt::format("{}: {} has no use for it; leave it out, or take one of {}", option,
                          row.name, fmt::join(others, ", ")));
}

}  // namespace

Heeds heeds_of(const SamplerClass& algorithm, const SchedulerConfig& config) {
  Heeds heeds = algorithm.heeds;
  heeds.eta = heeds.eta || (heeds.eta_of_sde && config.algorithm == "sde-dpmsolver++");
  return heeds;
}

Result<void> check_options(const SamplerClass& row, const SchedulerConfig& config,
                           const StepOptions& options) {
  FURROW_TRY_VOID(check_ranges(options));
  const Heeds heeds = heeds_of(row, config);
  const StepOptions neutral;
  if (options.eta.value_or(0) != 0 && !heeds.eta)
    return not_heeded("eta", row, [](const Heeds& other) { return other.eta || other.eta_of_sde; });
  const bool churns = options.s_churn != neutral.s_churn || options.s_tmin != neutral.s_tmin ||
                      options.s_tmax != neutral.s_tmax;
  if (churns && !heeds.churn)
    return not_heeded("s_churn", row, [](const Heeds& other) { return other.churn; });
  if (options.s_noise != neutral.s_noise && !heeds.noise)
    return not_heeded("s_noise", row, [](const Heeds& other) { return other.noise; });
  if (options.use_clipped_model_output && !heeds.clipped_model_output)
    return not_heeded("use_clipped_model_output", row,
                      [](const Heeds& other) { return other.clipped_model_output; });
  if (options.solver_order != 0 && heeds.most_order == 0)
    return not_heeded("solver_order", row, [](const Heeds& other) { return other.most_order > 0; });
  if (options.solver_order < 0 || options.solver_order > heeds.most_order)
    return fail(ErrorKind::Invalid, fmt::format("solver_order: {} is not one of {}; 1 to {} are",
                                                options.solver_order, row.name, heeds.most_order));
  return {};
}

}  // namespace furrow::engine::diffusion
