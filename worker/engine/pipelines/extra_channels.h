#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/autoencoder.h"

/// What some networks see beside the latent, in channels of their own behind its.
namespace furrow::engine::pipelines {

/// Pictures that a run begins with, on the device of the model.
struct Pictures {
  /// [1, 3, H, W] in [0, 1], any float dtype.
  at::Tensor picture = {};

  /// [1, 1, H, W] in [0, 1], 1 where the picture is made anew; half and more counts as 1.
  /// Undefined: there is none.
  at::Tensor mask = {};

  /// [1, C, h, w] clean, VAE-scaled, in the picture's place where there is one already: what a
  /// first run gave. Undefined: the picture is encoded.
  at::Tensor latent = {};
};

enum class SeenBeside {
  Nothing,
  MaskedPicture,  ///< inpainting networks: the mask and the latent of what it leaves of the picture
  Picture,        ///< InstructPix2Pix: the latent of the picture
};

/// What a network of `in_channels` sees beside a latent of `latent_channels`.
/// Errors: Invalid, for any other number.
Result<SeenBeside> seen_beside(std::int64_t in_channels, std::int64_t latent_channels);

/// A mask on the cells of a latent of `like`'s size: [1, 1, h, w] float32 of 0 and 1, the nearest
/// pixel's.
at::Tensor latent_mask(const at::Tensor& mask, const at::Tensor& like);

/// For SeenBeside::MaskedPicture, [1, 1 + C, h, w] float32.
///
/// @param noise  [1, C, h, w] unit normal, what draws the latent from the VAE's posterior
at::Tensor masked_picture_channels(const nn::AutoencoderKl& vae, const Pictures& pictures,
                                   const at::Tensor& noise);

/// The same where no picture is given: everything is masked, and what is left is grey.
///
/// @param latent  [1, C, h, w], whose size and device they have
at::Tensor all_masked_channels(const nn::AutoencoderKl& vae, const at::Tensor& latent);

/// For SeenBeside::Picture: the mode of the VAE's posterior, not scaled, [1, C, h, w] float32.
///
/// @param picture  [1, 3, H, W] in [0, 1]
at::Tensor picture_channels(const nn::AutoencoderKl& vae, const at::Tensor& picture);

}  // namespace furrow::engine::pipelines
