#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/weights/module_map.h"
#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine::weights {

/// The networks that LoRAs are made for.
enum class NetworkKind { UNet, Sd3Transformer, FluxTransformer, ClipText, T5 };

/// A network of a model, as LoRAs see it.
struct LoraTarget {
  std::string component;  ///< "unet", "transformer", "text_encoder", "text_encoder_2", …
  NetworkKind kind = NetworkKind::UNet;
  const ParameterTable* parameters = nullptr;
};

/// Where the delta of a module goes: a module of the target, or some rows of the delta to it.
struct LoraPlace {
  std::string module;
  std::int64_t first_row = 0;
  std::int64_t rows = 0;  ///< 0: all
  Change change = Change::None;
};

/// Every name that a LoRA file may have for a module of the target, and where it goes: diffusers
/// names with dots, the same in one word after a prefix (kohya), and both again for the names of
/// the original release, in which several modules may be one.
using LoraNames = std::map<std::string, std::vector<LoraPlace>, std::less<>>;

LoraNames lora_names(const LoraTarget& target);

}  // namespace furrow::engine::weights
