#include "coordinator/scheduler/fit.h"

#include <algorithm>

#include <fmt/format.h>

namespace furrow::scheduler {

namespace {

bool accepts(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

/// "VAE sharp", "VAE sharp and LoRA fur".
std::string list_of(const std::vector<Needs::Weights>& weights) {
  std::string list;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i > 0) list += i + 1 == weights.size() ? " and " : ", ";
    list += fmt::format("{} {}", spec::name_of(weights[i].part), weights[i].name);
  }
  return list;
}

}  // namespace

Needs needs_of(const v1::Recipe& recipe) {
  Needs needs;
  for (const auto& [part, model] : spec::models_of(recipe)) {
    const Digest hash = Digest::from_raw(model->hash()).value_or(Digest{});
    if (part == spec::ModelPart::Model) {
      needs.model_name = model->name();
      needs.model = hash;
    } else {
      needs.others.push_back({part, model->name(), hash});
    }
  }
  needs.sampler = recipe.sampler();
  return needs;
}

Abilities abilities_of(const v1::Capabilities& capabilities) {
  Abilities abilities;
  for (const v1::DeviceInfo& device : capabilities.devices()) {
    abilities.devices.push_back({{device.samplers().begin(), device.samplers().end()},
                                 {device.families().begin(), device.families().end()}});
  }
  for (const v1::ModelOnDisk& model : capabilities.models()) {
    if (const auto hash = Digest::from_raw(model.model().hash())) {
      abilities.families.emplace(*hash, model.family());
    }
  }
  return abilities;
}

Fit fit(const Needs& needs, const Abilities& abilities) {
  if (abilities.devices.empty()) return Fit::NoDevice;
  const auto model = abilities.families.find(needs.model);
  if (model == abilities.families.end()) return Fit::NoModel;
  const bool has_others = std::ranges::all_of(
      needs.others, [&](const auto& other) { return abilities.families.contains(other.hash); });
  if (!has_others) return Fit::NoOther;
  bool family_runs = false;
  for (const Abilities::Device& device : abilities.devices) {
    if (!accepts(device.families, model->second)) continue;
    family_runs = true;
    if (accepts(device.samplers, needs.sampler)) return Fit::Fits;
  }
  return family_runs ? Fit::NoSampler : Fit::NoFamily;
}

std::string missing(const Needs& needs, Fit fit) {
  switch (fit) {
    case Fit::Fits:
      return "lacks anything";
    case Fit::NoDevice:
      return "has a device";
    case Fit::NoModel:
      return fmt::format("has model {}", needs.model_name);
    case Fit::NoOther:
      return fmt::format("has {}", list_of(needs.others));
    case Fit::NoFamily:
      return fmt::format("has a device for the family of model {}", needs.model_name);
    case Fit::NoSampler:
      return fmt::format("can run the sampler {}", needs.sampler);
  }
  return {};
}

}  // namespace furrow::scheduler
