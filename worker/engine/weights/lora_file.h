#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/weights/adapter.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// What a LoRA file does to one module, by the module's name in the file.
struct LoraModule {
  std::optional<Adapter> weight;
  std::optional<Adapter> bias;
};

/// A LoRA file's modules. The names are whatever the program that trained it calls them:
/// "lora_unet_down_blocks_0_…" (kohya, LyCORIS), "unet.down_blocks.0.…" (diffusers, PEFT) …
using LoraModules = std::map<std::string, LoraModule, std::less<>>;

/// What stands before the embeddings that some files carry for words of their prompts.
inline constexpr std::string_view kBundledPrefix = "bundle_emb.";

struct LoraFile {
  LoraModules modules;
  std::vector<std::string> unknown;  ///< tensors that are of no kind that is known here
};

/// Reads the modules of a LoRA file: LoRA, LoCon, LoHa, LoKr, DoRA and whole differences, with
/// alpha beside each module, in the metadata (diffusers) or in the config beside the file (PEFT),
/// or not at all, when it equals the rank.
///
/// Errors: NotFound, Io; Invalid for a broken file and a module that lacks a factor, naming file
/// and tensor. Throws c10::Error for tensors that libtorch cannot hold.
Result<LoraFile> read_lora(const std::filesystem::path& file);

}  // namespace furrow::engine::weights
