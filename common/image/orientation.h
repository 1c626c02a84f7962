#pragma once

#include "common/image/image.h"

namespace furrow::image {

/// The picture turned and mirrored so that it is upright. `orientation` is what Exif calls it, and
/// says where the stored row 0 and column 0 lie in the upright picture:
///
///   1 top, left · 2 top, right · 3 bottom, right · 4 bottom, left
///   5 left, top · 6 right, top · 7 right, bottom · 8 left, bottom
///
/// With 5 to 8 width and height change places. Requires: 1 to 8.
Picture upright(Picture picture, int orientation);

}  // namespace furrow::image
