#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/spec/plan.h"

namespace furrow::spec {

/// What weights are for: "checkpoint", "vae", "lora", "upscaler" (common/model/traits.h). Of an
/// older worker by vae_only.
std::string_view kind_of(const v1::ModelOnDisk& model);

/// Whether it is one that renders pictures, and no VAE, LoRA or upscaler.
bool is_checkpoint(const v1::ModelOnDisk& model);

/// The model of the catalog that `text` names: its name, a path or file name that ends in it
/// ("models/x.safetensors"), the first 6 or more digits of its hash, or A1111's "name [hash]". Case
/// does not count unless it has to.
///
/// Errors: Invalid, a sentence that goes on after the text: none ("is not a model … There are …")
/// or several of different content.
Result<const v1::ModelOnDisk*> find_model(const Catalog& catalog, std::string_view text);

/// The same for a standalone VAE; null for the words that keep the model's own: automatic, auto,
/// default, none.
Result<const v1::ModelOnDisk*> find_vae(const Catalog& catalog, std::string_view text);

/// As find_model; null for "none".
Result<const v1::ModelOnDisk*> find_refiner(const Catalog& catalog, std::string_view text);

/// The LoRA that a prompt names by <lora:text:…>.
Result<const v1::ModelOnDisk*> find_lora(const Catalog& catalog, std::string_view text);

/// The way of enlarging that `text` names: one of hires_upscalers(), by its canonical name and
/// without a hash, or an upscaler of the catalog. Errors: as find_model.
Result<v1::ModelRef> find_upscaler(const Catalog& catalog, std::string_view text);

}  // namespace furrow::spec
