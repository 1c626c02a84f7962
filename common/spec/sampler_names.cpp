#include "common/spec/sampler_names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

/// Samplers of A1111 and sdnext that furrow does not have yet.
constexpr std::array kUnbuiltSamplers = std::to_array<std::string_view>({
    "Default",
    "Euler SGM",
    "Euler EDM",
    "Euler FlowMatch",
    "DPM++",
    "DPM++ 3M",
    "DPM++ 1S",
    "DPM++ SDE",
    "DPM++ 3M SDE",
    "DPM++ 2M EDM",
    "DPM++ Cosine",
    "DPM SDE",
    "DPM++ Inverse",
    "DPM++ 2M Inverse",
    "DPM++ 3M Inverse",
    "DPM2 FlowMatch",
    "DPM2a FlowMatch",
    "DPM2++ 2M FlowMatch",
    "DPM2++ 2S FlowMatch",
    "DPM2++ SDE FlowMatch",
    "DPM2++ 2M SDE FlowMatch",
    "DPM2++ 3M SDE FlowMatch",
    "UniPC",
    "UniPC FlowMatch",
    "DEIS",
    "SA Solver",
    "DC Solver",
    "Heun FlowMatch",
    "KDPM2",
    "KDPM2 a",
    "ER-SDE",
    "ER-SDE 2M",
    "ER-SDE 3M",
    "DDIM Parallel",
    "DDPM",
    "DDPM Parallel",
    "PNDM",
    "IPNDM",
    "IPNDM_V",
    "LMSD",
    "LCM",
    "LCM FlowMatch",
    "TCD",
    "TDD",
    "PeRFlow",
    "UFOGen",
    "CMSI",
    "VDM Solver",
    "BDIA DDIM",
    "CogX DDIM",
    "DPM++ 2M SDE Heun",
    "DPM++ 2S a",
    "DPM++ 2S Ancestral",
    "LMS",
    "DPM2",
    "DPM2 a",
    "DPM2 Ancestral",
    "DPM 2",
    "DPM 2 Ancestral",
    "DPM fast",
    "DPM adaptive",
    "Restart",
    "HeunPP2",
    "DDIM CFG++",
    "PLMS",
});

/// Schedules of A1111 and sdnext that furrow does not have yet.
constexpr std::array kUnbuiltSchedules = std::to_array<std::string_view>({
    "Polyexponential",
    "SGM Uniform",
    "KL Optimal",
    "Align Your Steps",
    "AYS",
    "DDIM",
    "DDIM Uniform",
    "Beta",
    "Betas",
    "Turbo",
    "AYS GITS",
    "AYS 11",
    "AYS 32",
    "Lambdas",
    "Flowmatch",
});

/// What two spellings of a name have in common: "DPM++ 2M" and "dpmpp_2m" are both "dpmpp2m".
std::string key_of(std::string_view text) {
  std::string key;
  for (const char c : to_lower(trim(text))) {
    if (c == '+') {
      key += 'p';
    } else if (c != ' ' && c != '_' && c != '-') {
      key += c;
    }
  }
  return key;
}

/// Without the prefix that k-diffusion's names and functions carry.
std::string_view without_prefix(std::string_view text) {
  for (const std::string_view prefix : {"k_", "sample_"}) {
    if (to_lower(text.substr(0, prefix.size())) == prefix) return text.substr(prefix.size());
  }
  return text;
}

template <typename Name>
bool has_key(const Name& entry, std::string_view key) {
  const auto matches = [&](std::string_view spelling) { return key_of(spelling) == key; };
  return matches(entry.name) || matches(entry.label) || std::ranges::any_of(entry.aliases, matches);
}

std::optional<std::string> find_schedule_by_key(std::string_view key) {
  for (const ScheduleName& schedule : schedules()) {
    if (has_key(schedule, key)) return std::string(schedule.name);
  }
  return std::nullopt;
}

bool is_unbuilt_schedule(std::string_view key) {
  return std::ranges::any_of(kUnbuiltSchedules,
                             [&](std::string_view name) { return key_of(name) == key; });
}

/// Whether it names an unbuilt sampler, alone or with any schedule behind it.
bool is_unbuilt_sampler(std::string_view key) {
  return std::ranges::any_of(kUnbuiltSamplers, [&](std::string_view name) {
    const std::string unbuilt = key_of(name);
    if (!key.starts_with(unbuilt)) return false;
    const std::string_view rest = key.substr(unbuilt.size());
    return rest.empty() || find_schedule_by_key(rest) || is_unbuilt_schedule(rest);
  });
}

/// Whether a sampler of ours is followed by a schedule that is not.
bool has_unbuilt_schedule(std::string_view key) {
  return std::ranges::any_of(samplers(), [&](const SamplerName& sampler) {
    const std::string name = key_of(sampler.name);
    return key.starts_with(name) && is_unbuilt_schedule(key.substr(name.size()));
  });
}

template <typename Name>
std::vector<std::string> labels_of(const std::vector<Name>& names) {
  std::vector<std::string> labels;
  for (const Name& name : names) labels.emplace_back(name.label);
  return labels;
}

/// "Did you mean "Euler a"? There are Euler, Euler a …", the question only when there is one.
std::string suggest(std::string_view text, const std::vector<std::string>& labels) {
  const std::string list = fmt::format("There are {}.", fmt::join(labels, ", "));
  const auto meant = nearest(text, labels);
  return meant ? fmt::format("Did you mean \"{}\"? {}", *meant, list) : list;
}

}  // namespace

const std::vector<SamplerName>& samplers() {
  static const std::vector<SamplerName> all = {
      {"euler", "Euler", "normal", {"EulerDiscreteScheduler"}},
      {"euler_a", "Euler a", "normal", {"euler_ancestral", "EulerAncestralDiscreteScheduler"}},
      {"heun", "Heun", "normal", {"HeunDiscreteScheduler"}},
      {"ddim", "DDIM", "normal", {"DDIMScheduler"}},
      {"dpmpp_2m", "DPM++ 2M", "karras", {"DPMSolverMultistepScheduler"}},
      {"dpmpp_2m_sde", "DPM++ 2M SDE", "exponential", {}},
  };
  return all;
}

const std::vector<ScheduleName>& schedules() {
  // "uniform" is A1111's name for the model's own sigmas and "default" is sdnext's: both are what
  // "normal" computes. "ka" and "exp" end the old A1111 aliases, as in k_dpmpp_2m_ka.
  static const std::vector<ScheduleName> all = {
      {"automatic", "Automatic", {"auto"}},
      {"normal", "Normal", {"uniform", "default"}},
      {"simple", "Simple", {}},
      {"karras", "Karras", {"ka"}},
      {"exponential", "Exponential", {"exp"}},
  };
  return all;
}

std::optional<SamplerChoice> find_sampler(std::string_view text) {
  const std::string key = key_of(without_prefix(trim(text)));
  for (const SamplerName& sampler : samplers()) {
    if (has_key(sampler, key)) return SamplerChoice{std::string(sampler.name), std::nullopt};
  }
  for (const SamplerName& sampler : samplers()) {
    std::vector<std::string_view> spellings = sampler.aliases;
    spellings.push_back(sampler.name);
    for (const std::string_view spelling : spellings) {
      const std::string start = key_of(spelling);
      if (!key.starts_with(start)) continue;
      if (auto schedule = find_schedule_by_key(std::string_view(key).substr(start.size()))) {
        return SamplerChoice{std::string(sampler.name), std::move(schedule)};
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_schedule(std::string_view text) {
  return find_schedule_by_key(key_of(text));
}

std::string explain_unknown_sampler(std::string_view text) {
  const std::string key = key_of(without_prefix(trim(text)));
  const auto labels = labels_of(samplers());
  if (is_unbuilt_sampler(key)) {
    return fmt::format("is a sampler that furrow does not support yet. There are {}.",
                       fmt::join(labels, ", "));
  }
  if (has_unbuilt_schedule(key)) {
    return fmt::format("asks for a schedule that furrow does not support yet. There are {}.",
                       fmt::join(labels_of(schedules()), ", "));
  }
  return "is not a sampler. " + suggest(text, labels);
}

std::string explain_unknown_schedule(std::string_view text) {
  const auto labels = labels_of(schedules());
  if (is_unbuilt_schedule(key_of(text))) {
    return fmt::format("is a schedule that furrow does not support yet. There are {}.",
                       fmt::join(labels, ", "));
  }
  return "is not a schedule. " + suggest(text, labels);
}

const SamplerName& sampler_named(std::string_view name) {
  const auto found = std::ranges::find(samplers(), name, &SamplerName::name);
  FURROW_CHECK(found != samplers().end(), "a canonical sampler name");
  return *found;
}

const ScheduleName& schedule_named(std::string_view name) {
  const auto found = std::ranges::find(schedules(), name, &ScheduleName::name);
  FURROW_CHECK(found != schedules().end(), "a canonical schedule name");
  return *found;
}

std::string_view resolved_schedule(std::string_view sampler, std::string_view schedule) {
  return schedule == "automatic" ? sampler_named(sampler).default_schedule : schedule;
}

}  // namespace furrow::spec
