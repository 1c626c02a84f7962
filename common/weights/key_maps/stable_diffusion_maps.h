#pragma once

#include <cstdint>
#include <vector>

#include "common/weights/key_maps/name_set.h"
#include "common/weights/module_map.h"

namespace furrow::engine::weights {

/// How the UNet's resnets and resamplers are spread over its levels. The original numbers them
/// through (input_blocks.0 … 11), so a name can only be read by who knows this.
struct UNetBlocks {
  struct Down {
    std::int64_t resnets = 0;
    bool has_downsampler = false;
  };

  struct Up {
    std::int64_t resnets = 0;
    bool has_attentions = false;
    bool has_upsampler = false;
  };

  std::vector<Down> down;  ///< finest first
  std::vector<Up> up;      ///< coarsest first

  static UNetBlocks of_original(const NameSet& names);
  static UNetBlocks of_members(const NameSet& names);
};

/// The UNet of Stable Diffusion 1.x, 2.x and XL (CompVis/latent-diffusion,
/// Stability-AI/generative-models) → UNet2DConditionModel.
ModuleMap unet_map(const UNetBlocks& blocks);

/// The autoencoder of all of them (CompVis/taming-transformers) → AutoencoderKL. `names` are the
/// originals: the decoder counts its levels from the other end.
ModuleMap autoencoder_map(const NameSet& names);

/// An autoencoder that has AutoencoderKL's names already.
ModuleMap autoencoder_members_map();

/// CLIP's text encoder as transformers names it, with or without "text_model." in front.
ModuleMap clip_text_map();

enum class OpenClipUse {
  Whole,        ///< all layers and the projection
  Penultimate,  ///< the last layer and the projection are never run: Stable Diffusion 2.x
};

/// The text half of OpenCLIP → CLIPTextModel. `names` are the originals.
ModuleMap open_clip_map(const NameSet& names, OpenClipUse use);

/// T5's encoder, which has the same names everywhere.
ModuleMap t5_map();

}  // namespace furrow::engine::weights
