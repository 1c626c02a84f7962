#include "common/spec/sampler_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

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

/// The spellings of schedules that sdnext uses as names of samplers, all of them Euler's.
std::optional<SamplerChoice> find_profile(std::string_view key) {
  if (!key.ends_with("sigma") && !key.ends_with("flow")) return std::nullopt;
  if (auto schedule = find_schedule_by_key(key)) return SamplerChoice{"euler", std::move(schedule)};
  return std::nullopt;
}

std::vector<std::string_view> spellings_of(const SamplerName& sampler) {
  std::vector<std::string_view> spellings = sampler.aliases;
  spellings.push_back(sampler.name);
  spellings.push_back(sampler.label);
  return spellings;
}

std::optional<SamplerChoice> find_sampler_with_schedule(std::string_view key) {
  for (const SamplerName& sampler : samplers()) {
    for (const std::string_view spelling : spellings_of(sampler)) {
      const std::string start = key_of(spelling);
      if (!key.starts_with(start)) continue;
      if (auto schedule = find_schedule_by_key(key.substr(start.size())))
        return SamplerChoice{std::string(sampler.name), std::move(schedule)};
    }
  }
  return std::nullopt;
}

/// An unbuilt sampler by its key, alone or with a schedule behind it.
const UnbuiltName* find_unbuilt(std::string_view key) {
  for (const UnbuiltName& unbuilt : unbuilt_samplers()) {
    const std::string start = key_of(unbuilt.label);
    if (!key.starts_with(start)) continue;
    const std::string_view rest = key.substr(start.size());
    if (rest.empty() || find_schedule_by_key(rest)) return &unbuilt;
  }
  return nullptr;
}

/// "is not a sampler. Did you mean "Euler a"? See: …", the question only when there is one.
template <typename Name>
std::string explain(std::string_view what, std::string_view text, const std::vector<Name>& names) {
  std::vector<std::string> labels;
  for (const Name& name : names) labels.emplace_back(name.label);
  const auto meant = nearest(text, labels);
  return fmt::format("is not a {}. {}See: furrow submit --help-samplers", what,
                     meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "");
}

}  // namespace

std::optional<SamplerChoice> find_sampler(std::string_view text) {
  const std::string key = key_of(without_prefix(trim(text)));
  for (const SamplerName& sampler : samplers()) {
    if (has_key(sampler, key)) return SamplerChoice{std::string(sampler.name), std::nullopt};
  }
  if (auto profile = find_profile(key)) return profile;
  return find_sampler_with_schedule(key);
}

std::optional<std::string> find_schedule(std::string_view text) {
  return find_schedule_by_key(key_of(text));
}

std::string explain_unknown_sampler(std::string_view text) {
  if (const UnbuiltName* unbuilt = find_unbuilt(key_of(without_prefix(trim(text))))) {
    return fmt::format("{} See: furrow submit --help-samplers", unbuilt->why);
  }
  return explain("sampler", text, samplers());
}

std::string explain_unknown_schedule(std::string_view text) {
  return explain("schedule", text, schedules());
}

std::optional<std::string> explain_mismatch(std::string_view sampler, std::string_view schedule) {
  const SamplerName& name = sampler_named(sampler);
  const bool is_plain = schedule == "automatic" || schedule == "normal" || schedule == "flowmatch";
  if (name.use == ScheduleUse::Any || is_plain) return std::nullopt;
  return fmt::format(
      "The sampler \"{}\" chooses its own levels of noise: the schedule \"{}\" means nothing to "
      "it. "
      "Leave the schedule out, or take Normal.",
      name.label, schedule_named(schedule).label);
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
