#include "worker/engine/weights/lora_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include "worker/engine/weights/key_maps/name_set.h"
#include "worker/engine/weights/key_maps/stable_diffusion_maps.h"
#include "worker/engine/weights/key_maps/transformer_maps.h"

namespace furrow::engine::weights {

namespace {

// What stands before a module's name with dots, and before the name in one word.
struct Prefixes {
  std::vector<std::string> dotted;
  std::vector<std::string> flat;
};

Prefixes prefixes_of(const LoraTarget& target) {
  switch (target.kind) {
    case NetworkKind::UNet:
      return {{"unet.", "diffusion_model.", "model.diffusion_model.", ""},
              {"lora_unet_", "lycoris_"}};
    case NetworkKind::Sd3Transformer:
    case NetworkKind::FluxTransformer:
      return {{"transformer.", "diffusion_model.", "model.diffusion_model.", ""},
              {"lora_transformer_", "lora_unet_", "lycoris_"}};
    case NetworkKind::ClipText:
    case NetworkKind::T5:
      break;
  }
  // "text_encoder" is the first, "text_encoder_2" the second.
  const auto last = target.component.back();
  const std::string number = last >= '2' && last <= '9' ? std::string(1, last) : "1";
  Prefixes prefixes = {{target.component + "."}, {"lora_te" + number + "_"}};
  if (number == "1") prefixes.flat.emplace_back("lora_te_");
  if (target.kind == NetworkKind::T5) {
    prefixes.dotted.insert(prefixes.dotted.end(), {"t5xxl.", "t5."});
    // kohya numbers encoders through all models, so T5 is the third of Flux's two.
    if (number != "3") prefixes.flat.emplace_back("lora_te3_");
  }
  if (target.kind == NetworkKind::ClipText) {
    prefixes.dotted.emplace_back(number == "1" ? "clip_l." : "clip_g.");
  }
  return prefixes;
}

NameSet member_names(const ParameterTable& parameters) {
  NameSet names;
  for (const auto& [name, parameter] : parameters.entries()) names.insert(name);
  return names;
}

// How the original release names the network's modules; empty where LoRAs do not use it.
ModuleMap original_names(const LoraTarget& target) {
  const auto names = member_names(*target.parameters);
  switch (target.kind) {
    case NetworkKind::UNet:
      return unet_map(UNetBlocks::of_members(names));
    case NetworkKind::Sd3Transformer:
      return sd3_map(sd3_blocks_of_members(names));
    case NetworkKind::FluxTransformer: {
      const auto* in = target.parameters->find("x_embedder.weight");
      const auto width = in == nullptr ? 0 : in->loaded().size(0);
      return flux_map(FluxBlocks::of_members(names, width));
    }
    case NetworkKind::ClipText:
    case NetworkKind::T5:
      return {};
  }
  return {};
}

// A module's names in diffusers folders: transformers has had "text_model." before those of CLIP.
std::vector<std::string> folder_names(NetworkKind kind, const std::string& module) {
  if (kind != NetworkKind::ClipText) return {module};
  return {module, "text_model." + module};
}

std::string in_one_word(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class Builder {
 public:
  explicit Builder(const LoraTarget& target)
      : target_(target), prefixes_(prefixes_of(target)), originals_(original_names(target)) {}

  LoraNames build() {
    for (const auto& module : modules()) {
      const LoraPlace whole{module, 0, 0, Change::None};
      for (const auto& name : folder_names(target_.kind, module)) add(name, whole);
      if (const auto origin = originals_.origin(module)) add_original(*origin, module);
    }
    return std::move(names_);
  }

 private:
  std::set<std::string> modules() const {
    std::set<std::string> modules;
    for (const auto& [name, parameter] : target_.parameters->entries()) {
      modules.insert(name.substr(0, name.rfind('.')));
    }
    return modules;
  }

  void add(const std::string& name, const LoraPlace& place) {
    for (const auto& prefix : prefixes_.dotted) names_[prefix + name].push_back(place);
    for (const auto& prefix : prefixes_.flat) {
      names_[prefix + in_one_word(name)].push_back(place);
    }
  }

  void add_original(const ModuleMap::Origin& origin, const std::string& module) {
    LoraPlace place{module, 0, 0, origin.entry->change};
    if (origin.entry->members.size() > 1) {
      const std::span members(origin.entry->members);
      for (const auto& before : members.first(origin.index)) place.first_row += rows_of(before);
      place.rows = rows_of(module);
    }
    // Some modules have one name in both.
    if (origin.original != module || place.rows != 0) add(origin.original, place);
  }

  std::int64_t rows_of(const std::string& module) const {
    const auto* weight = target_.parameters->find(module + ".weight");
    return weight == nullptr ? 0 : weight->loaded().size(0);
  }

  const LoraTarget& target_;
  Prefixes prefixes_;
  ModuleMap originals_;
  LoraNames names_;
};

}  // namespace

LoraNames lora_names(const LoraTarget& target) {
  return Builder(target).build();
}

}  // namespace furrow::engine::weights
