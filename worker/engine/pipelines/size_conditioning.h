#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace furrow::engine::pipelines {

/// Height and width, or top and left, in pixels.
struct PixelPair {
  double vertical = 0;
  double horizontal = 0;
};

/// What SDXL is told of a picture beside the prompt (Podell et al. 2023, arXiv:2307.01952, section
/// 2.2): as if it were one of those that the network was trained on.
struct PictureSizes {
  PixelPair original;  ///< before it was scaled and cropped
  PixelPair crop;      ///< where it was cropped; 0: it was not
  PixelPair target;    ///< of what came of it

  /// A picture that was neither scaled nor cropped.
  static PictureSizes of(double height, double width) {
    return {{height, width}, {0, 0}, {height, width}};
  }
};

/// SDXL's time_ids, [1, 6] float32 on the CPU.
at::Tensor time_ids(const PictureSizes& sizes);

/// Those of its refiner, [1, 5]: how beautiful the picture is stands for the target size.
at::Tensor time_ids_with_score(const PictureSizes& sizes, double aesthetic_score);

/// What the refiner's authors found good scores for what is wanted and for what is not.
inline constexpr double kBeautiful = 6.0;
inline constexpr double kUgly = 2.5;

}  // namespace furrow::engine::pipelines
