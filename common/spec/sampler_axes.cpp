// The axes of what a sampler, its schedule and guidance may be told.
#include "common/spec/axis_table.h"

namespace furrow::spec {

namespace {

/// Most of these options take 0 for "its own", as A1111's and sdnext's do.
using SetNumber = void (v1::SamplerOptions::*)(double);
using ClearNumber = void (v1::SamplerOptions::*)();

template <SetNumber Set>
void set_option(v1::Recipe& recipe, const ValueAt& value) {
  (recipe.mutable_sampler_options()->*Set)(number_at(value));
}

template <SetNumber Set, ClearNumber Clear>
void set_option_or_own(v1::Recipe& recipe, const ValueAt& value) {
  v1::SamplerOptions& options = *recipe.mutable_sampler_options();
  if (number_at(value) == 0) {
    (options.*Clear)();
  } else {
    (options.*Set)(number_at(value));
  }
}

void set_solver_order(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_sampler_options()->set_order(small_at(value));
}

void set_discard(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_sampler_options()->set_discards_next_to_last_sigma(truth_at(value));
}

void set_guidance_rescale(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_guidance_rescale(number_at(value));
}

/// A whole run is what the schema's 0 says.
void set_guidance_end(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_guidance_end(number_at(value) == 1 ? 0 : number_at(value));
}

}  // namespace

// clang-format off
// field, label, type, cost, speaks for itself, aliases, how it is set, limits, needs, options

/// A1111's axis "Sigma min" is s_tmin and its setting sigma_min the schedule's: furrow asks which of both is meant.
std::vector<AxisKind> sampler_axes() {
  using enum AxisType;
  using Options = v1::SamplerOptions;
  return {
      {"guidance_rescale", "CFG rescale", Number, 0, false, {"[Guidance] Rescale", "CFG rescale phi"},
       set_guidance_rescale, {0, 1}},
      {"guidance_end", "CFG end", Number, 0, false, {"[Guidance] End"}, set_guidance_end,
       {.least = 0, .most = 1, .above_least = true}},
      {"eta", "Eta", Number, 0, false, {"[Sampler] ETA multiplier", "Eta DDIM", "Sampler eta"},
       set_option<&Options::set_eta>, {0, 1}},
      {"s_churn", "Sigma churn", Number, 0, false, {}, set_option<&Options::set_s_churn>, {0, 1000, 100}},
      {"s_tmin", "Sigma tmin", Number, 0, false, {"Sigma min (s_tmin)"}, set_option<&Options::set_s_tmin>, {0, 1000}},
      {"s_tmax", "Sigma tmax", Number, 0, false, {"Sigma max (s_tmax)"},
       set_option_or_own<&Options::set_s_tmax, &Options::clear_s_tmax>, {0, 1000}},
      {"s_noise", "Sigma noise", Number, 0, false, {}, set_option<&Options::set_s_noise>, {0, 10, 2}},
      {"solver_order", "Solver order", Integer, 0, false, {"[Sampler] Solver order", "UniPC Order"},
       set_solver_order, {0, 5}},
      {"discard_next_to_last_sigma", "Discard penultimate sigma", Choice, 0, false,
       {"Always discard next-to-last sigma"}, set_discard, {}, Needs::Nothing, truth_values},
      {"schedule_min_sigma", "Schedule min sigma", Number, 0, false, {"Sigma min of the schedule"},
       set_option_or_own<&Options::set_sigma_min, &Options::clear_sigma_min>, {0, 1000}},
      {"schedule_max_sigma", "Schedule max sigma", Number, 0, false, {"Sigma max of the schedule"},
       set_option_or_own<&Options::set_sigma_max, &Options::clear_sigma_max>, {0, 1000}},
      {"schedule_rho", "Schedule rho", Number, 0, false, {"Rho"},
       set_option_or_own<&Options::set_rho, &Options::clear_rho>, {0, 100}},
      {"flow_shift", "Flow shift", Number, 0, false, {"[Sampler] Flow shift", "Shift"},
       set_option_or_own<&Options::set_shift, &Options::clear_shift>, {0, 100}},
  };
}

// clang-format on

}  // namespace furrow::spec
