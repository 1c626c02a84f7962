#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/image/image.h"
#include "furrow/v1/engine.pb.h"
#include "worker/engine/pipelines/extra_channels.h"

namespace furrow::engine {

/// The pictures that a cell begins with, read, brought to its size and prepared as its recipe says,
/// and what is needed to put the rendered part back where it came from.
class InputPictures {
 public:
  /// None.
  InputPictures() = default;

  /// Reads those that the cell's recipe names from where the agent put them.
  ///
  /// Errors: Io, or Invalid when a file is no picture that can be read or a mask is of another size
  /// than its picture, naming the picture as people call it.
  static Result<InputPictures> of(const v1::RenderCell& cell);

  /// What the run begins with, on the CPU; undefined where the recipe has no picture.
  pipelines::Pictures tensors() const;

  /// The finished picture: of an inpainting what was kept, to the last bit, with `rendered` where
  /// the mask lets it through; else `rendered` itself.
  image::Image finished(image::Image rendered) const;

 private:
  /// What a mask keeps.
  struct Kept {
    image::Image picture;                 ///< what is around and under `rendered`
    image::GreyImage overlay;             ///< of its size: 255 where `rendered` is seen
    std::optional<image::Region> region;  ///< where "only masked" lies in it; nothing: everywhere
  };

  static Result<InputPictures> of_inpainting(const v1::RenderCell& cell, image::Image picture);

  std::optional<image::Image> picture_;  // of the recipe's size
  std::optional<image::GreyImage> mask_;
  std::optional<Kept> kept_;
};

}  // namespace furrow::engine
