#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/model/loaded.h"
#include "worker/engine/model/model_parts.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/autoencoder_tiny.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/controlnet.h"
#include "worker/engine/nn/ip_adapter.h"
#include "worker/engine/nn/t2i_adapter.h"
#include "worker/engine/nn/unet.h"
#include "worker/engine/nn/upscaler.h"

/// The networks alone, each from a folder with config.json and weights, which are converted to
/// `precision` on `device` whatever the files hold. What LoRAs may be applied to comes as Loaded.
///
/// Errors of all: NotFound for a missing file; Invalid for a broken one, for a config that asks for
/// what the engine does not do, and for tensors that do not fit it, each with its name, the
/// expected and the found shape; OutOfMemory. The message names the file.
namespace furrow::engine {

Result<Loaded<nn::UNet>> load_unet(const std::filesystem::path& folder, at::ScalarType precision,
                                   at::Device device);

Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const std::filesystem::path& folder,
                                                            at::ScalarType precision,
                                                            at::Device device);

/// A VAE alone in a file, or that of a whole checkpoint in one. No tensor tells how its latents are
/// scaled: as those of `like`, the model's own.
Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder_file(const std::filesystem::path& file,
                                                                 const nn::AutoencoderKl& like,
                                                                 weights::Placement placement);

/// Weights as diffusers has them, or the two files of the original release, whose names end with
/// "_encoder" and "_decoder".
Result<std::unique_ptr<nn::AutoencoderTiny>> load_autoencoder_tiny(
    const std::filesystem::path& folder, at::ScalarType precision, at::Device device);

Result<Loaded<nn::ClipText>> load_clip_text(const std::filesystem::path& folder,
                                            at::ScalarType precision, at::Device device);

/// The same three from a model that has them among its parts.
Result<Loaded<nn::UNet>> load_unet(const ModelParts& parts, std::string_view part,
                                   weights::Placement placement);
Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const ModelParts& parts,
                                                            std::string_view part,
                                                            weights::Placement placement);
Result<Loaded<nn::ClipText>> load_clip_text(const ModelParts& parts, std::string_view part,
                                            weights::Placement placement);

/// A file, or a folder with "model" weights; a config.json in the folder is needed only where the
/// weights do not tell the network. Names of any of ESRGAN's releases.
Result<std::unique_ptr<nn::Upscaler>> load_upscaler(const std::filesystem::path& path,
                                                    at::ScalarType precision, at::Device device);

Result<std::unique_ptr<nn::ControlNet>> load_controlnet(const std::filesystem::path& folder,
                                                        at::ScalarType precision,
                                                        at::Device device);

Result<std::unique_ptr<nn::T2iAdapter>> load_t2i_adapter(const std::filesystem::path& folder,
                                                         at::ScalarType precision,
                                                         at::Device device);

/// One file, as IP-Adapters are published.
Result<std::unique_ptr<nn::IpAdapter>> load_ip_adapter(const std::filesystem::path& file,
                                                       at::ScalarType precision, at::Device device);

}  // namespace furrow::engine
