#include "common/weights/single_file_map.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/weights/key_maps/name_set.h"
#include "common/weights/key_maps/stable_diffusion_maps.h"
#include "common/weights/key_maps/transformer_maps.h"

namespace furrow::engine::weights {

namespace {

enum class Layout { UNet, Autoencoder, ClipText, OpenClip, OpenClipPenultimate, T5, Sd3, Flux };

struct PartLayout {
  ModelFamily family;
  std::string_view prefix;
  std::string_view component;
  Layout layout;
};

// Where each family keeps its networks. A part whose prefix is in no tensor is not in the file.
constexpr std::array kLayouts = {
    PartLayout{ModelFamily::Sd1, "model.diffusion_model.", "unet", Layout::UNet},
    PartLayout{ModelFamily::Sd1, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Sd1, "cond_stage_model.transformer.", "text_encoder", Layout::ClipText},

    PartLayout{ModelFamily::Sd2, "model.diffusion_model.", "unet", Layout::UNet},
    PartLayout{ModelFamily::Sd2, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Sd2, "cond_stage_model.model.", "text_encoder",
               Layout::OpenClipPenultimate},

    PartLayout{ModelFamily::Sdxl, "model.diffusion_model.", "unet", Layout::UNet},
    PartLayout{ModelFamily::Sdxl, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Sdxl, "conditioner.embedders.0.transformer.", "text_encoder",
               Layout::ClipText},
    PartLayout{ModelFamily::Sdxl, "conditioner.embedders.1.model.", "text_encoder_2",
               Layout::OpenClip},

    PartLayout{ModelFamily::SdxlRefiner, "model.diffusion_model.", "unet", Layout::UNet},
    PartLayout{ModelFamily::SdxlRefiner, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::SdxlRefiner, "conditioner.embedders.0.model.", "text_encoder_2",
               Layout::OpenClip},

    PartLayout{ModelFamily::Sd3, "model.diffusion_model.", "transformer", Layout::Sd3},
    PartLayout{ModelFamily::Sd3, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Sd3, "text_encoders.clip_l.transformer.", "text_encoder",
               Layout::ClipText},
    PartLayout{ModelFamily::Sd3, "text_encoders.clip_g.transformer.", "text_encoder_2",
               Layout::ClipText},
    PartLayout{ModelFamily::Sd3, "text_encoders.t5xxl.transformer.", "text_encoder_3", Layout::T5},

    PartLayout{ModelFamily::Flux, "model.diffusion_model.", "transformer", Layout::Flux},
    PartLayout{ModelFamily::Flux, "first_stage_model.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Flux, "vae.", "vae", Layout::Autoencoder},
    PartLayout{ModelFamily::Flux, "text_encoders.clip_l.transformer.", "text_encoder",
               Layout::ClipText},
    PartLayout{ModelFamily::Flux, "text_encoders.t5xxl.transformer.", "text_encoder_2", Layout::T5},
};

// What checkpoints carry besides their networks: the schedule's tables and training's leftovers.
// The EMA copies of the UNet are worse than what they were folded into for all but further
// training.
constexpr std::array<std::string_view, 15> kDropped = {
    "model_ema.",
    "alphas_cumprod",
    "betas",
    "log_one_minus_alphas_cumprod",
    "lvlb_weights",
    "logvar",
    "posterior_",
    "sqrt_",
    "denoiser.sigmas",
    "scale_factor",
    "cond_stage_model.logit_scale",
    "text_encoders.clip_l.logit_scale",
    "text_encoders.clip_g.logit_scale",
    "v_pred",
    "ztsnr",
};

bool begins(std::string_view name, std::string_view prefix) {
  return name.substr(0, prefix.size()) == prefix;
}

NameSet names_below(const TensorShapes& tensors, std::string_view prefix) {
  NameSet names;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end() && begins(at->first, prefix);
       ++at) {
    names.insert(std::string_view(at->first).substr(prefix.size()));
  }
  return names;
}

std::int64_t width_of_flux(const TensorShapes& tensors, std::string_view prefix) {
  const auto found = tensors.find(std::string(prefix) + "img_in.weight");
  return found == tensors.end() || found->second.empty() ? 0 : found->second.front();
}

ModuleMap build_map(const TensorShapes& tensors, std::string_view prefix, Layout layout) {
  const auto names = names_below(tensors, prefix);
  switch (layout) {
    case Layout::UNet:
      return unet_map(UNetBlocks::of_original(names));
    case Layout::Autoencoder:
      return autoencoder_map(names);
    case Layout::ClipText:
      return clip_text_map();
    case Layout::OpenClip:
      return open_clip_map(names, OpenClipUse::Whole);
    case Layout::OpenClipPenultimate:
      return open_clip_map(names, OpenClipUse::Penultimate);
    case Layout::T5:
      return t5_map();
    case Layout::Sd3:
      return sd3_map(sd3_blocks_of_original(names));
    case Layout::Flux:
      return flux_map(FluxBlocks::of_original(names, width_of_flux(tensors, prefix)));
  }
  return {};
}

bool has_any(const TensorShapes& tensors, std::string_view prefix) {
  const auto at = tensors.lower_bound(prefix);
  return at != tensors.end() && begins(at->first, prefix);
}

}  // namespace

Result<SingleFileMap> SingleFileMap::of(const TensorShapes& tensors) {
  FURROW_TRY(const auto traits, recognise_model(tensors));
  SingleFileMap map;
  map.traits_ = traits;
  for (const auto& [family, prefix, component, layout] : kLayouts) {
    if (family != traits.family) continue;
    const bool is_network = prefix == "model.diffusion_model.";
    if (has_any(tensors, prefix)) {
      map.parts_.push_back(
          {std::string(prefix), std::string(component), build_map(tensors, prefix, layout)});
    } else if (is_network) {
      // The network alone, as Flux and SD3 were released, has nothing before its names.
      map.parts_.push_back({"", std::string(component), build_map(tensors, "", layout)});
    }
  }
  std::stable_sort(map.parts_.begin(), map.parts_.end(),
                   [](const Part& a, const Part& b) { return a.prefix.size() > b.prefix.size(); });
  return map;
}

Result<SingleFileMap> SingleFileMap::of_autoencoder(const TensorShapes& tensors) {
  for (const std::string_view prefix : {"first_stage_model.", "vae.", ""}) {
    if (!has_any(tensors, std::string(prefix) + "decoder.conv_in.")) continue;
    const auto names = names_below(tensors, prefix);
    const bool has_members = names.has_any("decoder.up_blocks.");
    SingleFileMap map;
    map.parts_.push_back({std::string(prefix), "vae",
                          has_members ? autoencoder_members_map() : autoencoder_map(names)});
    return map;
  }
  return fail(ErrorKind::Invalid, "it holds no VAE (no tensor \"decoder.conv_in.weight\")");
}

std::vector<std::string> SingleFileMap::components() const {
  std::vector<std::string> names;
  for (const auto& part : parts_) names.push_back(part.component);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<SingleFileMap::Place> SingleFileMap::place(std::string_view name,
                                                         const Shape& shape) const {
  for (const auto& part : parts_) {
    if (!begins(name, part.prefix)) continue;
    auto pieces = part.map.pieces(name.substr(part.prefix.size()), shape);
    if (!pieces) continue;
    if (pieces->empty()) return Place{};
    return Place{part.component, *std::move(pieces)};
  }
  const bool is_dropped = std::any_of(kDropped.begin(), kDropped.end(),
                                      [&](const auto prefix) { return begins(name, prefix); });
  return is_dropped ? std::optional<Place>(Place{}) : std::nullopt;
}

}  // namespace furrow::engine::weights
