#pragma once

#include <string>

#include "common/model/tensor_names.h"

namespace furrow::model {

/// Whether the tensors are changes of a model's weights: LoRA, LoHa, LoKr, OFT, whole differences.
bool is_lora(const TensorNames& names);

/// The family that a LoRA was trained on, by the modules that it changes and what they take; empty:
/// its tensors do not tell.
std::string family_of_lora(const TensorNames& names);

/// The family of a UNet, or of a part of one (ControlNet), in any layout: XL has an added
/// embedding, the second model projects by linear layers where the first has 1x1 convolutions.
std::string family_of_unet_part(const TensorNames& names);

/// The family whose text encoders have vectors of these widths; empty: none, or several.
std::string family_of_embedding(const TensorNames& names);

}  // namespace furrow::model
