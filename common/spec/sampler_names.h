#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/spec/nearest.h"

namespace furrow::spec {

/// A sampler by all its names. `name` is the canonical one, stored and hashed.
struct SamplerName {
  std::string_view name;              ///< "dpmpp_2m"
  std::string_view label;             ///< "DPM++ 2M", as A1111 writes it into a picture's text
  std::string_view default_schedule;  ///< what "automatic" becomes with it
  std::vector<std::string_view> aliases;
};

struct ScheduleName {
  std::string_view name;   ///< "karras"
  std::string_view label;  ///< "Karras"
  std::vector<std::string_view> aliases;
};

/// Every sampler and schedule, in the order to list them.
const std::vector<SamplerName>& samplers();
const std::vector<ScheduleName>& schedules();

/// A sampler as people write it: canonical ("dpmpp_2m"), A1111 and sdnext ("DPM++ 2M"), k-diffusion
/// ("k_euler_a", "sample_euler_ancestral"), diffusers' class, each also with a schedule behind it
/// ("DPM++ 2M Karras"). Case, spaces, hyphens and underscores do not count.
struct SamplerChoice {
  std::string sampler;                  ///< canonical
  std::optional<std::string> schedule;  ///< canonical, if the text named one

  bool operator==(const SamplerChoice&) const = default;
};

std::optional<SamplerChoice> find_sampler(std::string_view text);
std::optional<std::string> find_schedule(std::string_view text);

/// Why find_sampler or find_schedule found nothing, for people: that the name is known from other
/// programs but not supported yet, or what it most likely meant; and what there is.
std::string explain_unknown_sampler(std::string_view text);
std::string explain_unknown_schedule(std::string_view text);

/// Requires: a canonical name.
const SamplerName& sampler_named(std::string_view name);
const ScheduleName& schedule_named(std::string_view name);

/// The schedule a recipe ends up with: "automatic" becomes the sampler's own. Requires: canonical
/// names.
std::string_view resolved_schedule(std::string_view sampler, std::string_view schedule);

}  // namespace furrow::spec
