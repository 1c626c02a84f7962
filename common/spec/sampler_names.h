#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/spec/nearest.h"

namespace furrow::spec {

/// Whether a sampler follows the schedule of a recipe, or chooses its own levels of noise.
enum class ScheduleUse { Any, None };

/// A sampler by all its names. `name` is the canonical one, stored and hashed.
struct SamplerName {
  std::string_view name;              ///< "dpmpp_2m"
  std::string_view label;             ///< "DPM++ 2M", as A1111 writes it into a picture's text
  std::string_view default_schedule;  ///< what "automatic" becomes with it
  std::vector<std::string_view> aliases;
  ScheduleUse use = ScheduleUse::Any;
};

struct ScheduleName {
  std::string_view name;   ///< "karras"
  std::string_view label;  ///< "Karras"
  std::vector<std::string_view> aliases;
};

/// A sampler of A1111 or sdnext that furrow does not have, and why, as the end of a sentence.
struct UnbuiltName {
  std::string_view label;
  std::string_view why;
};

/// Every sampler and schedule, in the order to list them (sampler_name_table.cpp).
const std::vector<SamplerName>& samplers();
const std::vector<ScheduleName>& schedules();
const std::vector<UnbuiltName>& unbuilt_samplers();

/// A sampler as people write it: canonical ("dpmpp_2m"), A1111 and sdnext ("DPM++ 2M"), k-diffusion
/// ("k_euler_a", "sample_euler_ancestral"), diffusers' class, each also with a schedule behind it
/// ("DPM++ 2M Karras", "Euler SGM"), and sdnext's samplers that are Euler with a schedule of their
/// own ("Sigmoid Sigma"). Case, spaces, hyphens and underscores do not count.
struct SamplerChoice {
  std::string sampler;                  ///< canonical
  std::optional<std::string> schedule;  ///< canonical, if the text named one

  bool operator==(const SamplerChoice&) const = default;
};

std::optional<SamplerChoice> find_sampler(std::string_view text);
std::optional<std::string> find_schedule(std::string_view text);

/// Why find_sampler or find_schedule found nothing, for people: why furrow does not have what it
/// names, or what it most likely meant; and where to see what there is.
std::string explain_unknown_sampler(std::string_view text);
std::string explain_unknown_schedule(std::string_view text);

/// Why a sampler and a schedule do not go together, as a sentence; nothing when they do.
/// Requires: canonical names; "automatic" goes with every sampler.
std::optional<std::string> explain_mismatch(std::string_view sampler, std::string_view schedule);

/// Requires: a canonical name.
const SamplerName& sampler_named(std::string_view name);
const ScheduleName& schedule_named(std::string_view name);

/// The schedule a recipe ends up with: "automatic" becomes the sampler's own. Requires: canonical
/// names.
std::string_view resolved_schedule(std::string_view sampler, std::string_view schedule);

}  // namespace furrow::spec
