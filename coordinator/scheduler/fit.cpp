#include "coordinator/scheduler/fit.h"

#include <algorithm>

#include <fmt/format.h>

namespace furrow::scheduler {

namespace {

bool accepts(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Needs needs_of(const v1::Recipe& recipe) {
  Needs needs;
  needs.model_name = recipe.model().name();
  needs.model = Digest::from_raw(recipe.model().hash()).value_or(Digest{});
  if (recipe.has_vae()) {
    needs.vae_name = recipe.vae().name();
    needs.vae = Digest::from_raw(recipe.vae().hash()).value_or(Digest{});
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
  if (needs.vae && !abilities.families.contains(*needs.vae)) return Fit::NoVae;
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
    case Fit::NoVae:
      return fmt::format("has VAE {}", needs.vae_name);
    case Fit::NoFamily:
      return fmt::format("has a device for the family of model {}", needs.model_name);
    case Fit::NoSampler:
      return fmt::format("can run the sampler {}", needs.sampler);
  }
  return {};
}

}  // namespace furrow::scheduler
