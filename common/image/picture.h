#pragma once

#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/image/image.h"
#include "common/image/limits.h"
#include "common/image/png.h"

/// Pictures that people bring: PNG, JPEG or WebP, told apart by their first bytes and never by a
/// name. Colour profiles (ICC) and gamma are ignored: values are taken as sRGB.
///
/// Errors of every function here: Invalid, when the bytes are none of the three, are cut off or
/// corrupt, or the picture is larger than the limits; OutOfMemory. Messages name no file.
namespace furrow::image {

/// The picture as its file has it, 8-bit and upright (Exif's orientation is applied).
Result<Picture> decode_layers(std::string_view bytes, const PictureLimits& limits = {});

/// The picture to begin with: RGB, upright, transparency over white.
Result<Image> decode_picture(std::string_view bytes, const PictureLimits& limits = {});

/// A mask, upright: the transparency of a picture that has any, as A1111 reads masks that were
/// drawn on an empty layer (opaque is made anew); otherwise its grey (white is made anew). Values
/// between 0 and 255 are kept: A1111 rounds those of the former unless it is told not to.
Result<GreyImage> decode_mask(std::string_view bytes, const PictureLimits& limits = {});

/// What a picture says in text, without decoding pixels: the texts of a PNG; of any picture, when
/// it has no text "parameters", the comment of its Exif block under that key.
Result<std::vector<PngText>> read_picture_texts(std::string_view bytes);

}  // namespace furrow::image
