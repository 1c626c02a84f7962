#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// A sampler as people write it, in any case: canonical, A1111 ("DPM++ 2M"), sdnext, k-diffusion
/// ("k_euler_a"), and with a schedule behind it ("DPM++ 2M Karras").
struct SamplerChoice {
  std::string sampler;                  ///< canonical
  std::optional<std::string> schedule;  ///< canonical, if the text named one
};

std::optional<SamplerChoice> find_sampler(std::string_view text);
std::optional<std::string> find_schedule(std::string_view text);

/// Requires: a canonical name.
const SamplerName& sampler_named(std::string_view name);
const ScheduleName& schedule_named(std::string_view name);

/// The one of `candidates` that `text` most likely meant, or nothing when none is near.
std::optional<std::string> nearest(std::string_view text,
                                   const std::vector<std::string>& candidates);

}  // namespace furrow::spec
