#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace furrow::engine::nn {

/// What ControlNets add to the UNet's skips and to what its middle block gives.
struct ControlResiduals {
  std::vector<at::Tensor> down;  ///< one a skip, in the order in which the down blocks make them:
                                 ///< [B, C, h, w] of that skip, or [B, C, 1, 1]; empty: none
  at::Tensor mid;                ///< likewise for the middle block; undefined where `down` is empty

  /// Adds those of another ControlNet for the same UNet.
  void add(const ControlResiduals& other);
};

/// What an IP-Adapter (Ye et al. 2023, arXiv:2308.06721) makes of reference pictures: keys and
/// values of a second attention beside every attention to the prompt, whose results are added up.
struct ImagePrompt {
  struct Layer {
    at::Tensor keys;    ///< [B, T, width of the layer]
    at::Tensor values;  ///< the same shape, times the adapter's scale
  };

  std::vector<Layer> layers;  ///< as many as UNet::image_layers(), in the order told there
};

/// What conditions a UNet or a ControlNet beside sample, timestep and prompt. What is undefined or
/// empty conditions nothing; what the network has no place for is an error, not passed over. All on
/// the device of the weights, any float dtype.
struct AddedConditioning {
  at::Tensor text_embeds;  ///< [B, P], the pooled prompt; SDXL needs it (text_time)
  at::Tensor time_ids;     ///< [B, n]; SDXL: original height and width, crop top and left, target
                           ///< height and width; its refiner: the first four and a score of beauty
  at::Tensor timestep_cond;  ///< [B, time_cond_proj_dim], the guidance scale embedded
                             ///< (guidance_embedding); may be left out

  // For the UNet only.
  ControlResiduals control;
  std::vector<at::Tensor> adapter_features;  ///< of a T2I-Adapter, finest first: [B, C, h, w] of
                                             ///< what each down block gives, then the middle block
  std::vector<ImagePrompt> image_prompts;    ///< one an IP-Adapter
};

/// Those of several parts of a batch as one. Throws c10::Error when only some of them have a
/// member, or have it of another length.
AddedConditioning concatenate(const std::vector<AddedConditioning>& parts);

}  // namespace furrow::engine::nn
