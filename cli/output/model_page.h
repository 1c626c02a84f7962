#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/output/console.h"
#include "cli/output/json.h"
#include "common/base/digest.h"
#include "common/model/model_details.h"

namespace furrow::cli {

/// As much of a hash as CivitAI and A1111 show of a checkpoint's: "AutoV2".
std::string auto_v2(const Digest& digest);
/// As much as A1111 writes of a LoRA's.
std::string short_lora_hash(const Digest& digest);

/// A row of `model list`: a model on this machine, on workers, or on both.
struct ListedModel {
  std::optional<model::FoundModel> local;
  v1::ModelOnDisk description;
  std::optional<Digest> hash;     ///< nothing: not asked for, or the files could not be read
  std::set<std::string> workers;  ///< names of those that have it now
};

std::string model_table(const std::vector<ListedModel>& models, bool with_workers,
                        const Terminal& terminal);
Json listed_json(const ListedModel& listed);

/// All that `model show` tells.
struct ShownModel {
  model::FoundModel found;
  model::ModelDetails details;
  Digest hash;
  std::optional<Digest> lora_hash;  ///< of a LoRA in a safetensors file
};

std::string model_page(const ShownModel& shown, const Terminal& terminal);
/// furrow.model/1.
Json shown_json(const ShownModel& shown);

}  // namespace furrow::cli
