#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/weights/model_family.h"
#include "common/weights/module_map.h"
#include "common/weights/shape.h"

namespace furrow::engine::weights {

/// Which tensor of a whole checkpoint in an original layout (one file with all networks) becomes
/// which tensors of a diffusers folder. Made from a header alone. Immutable.
class SingleFileMap {
 public:
  /// Errors: Invalid, as recognise_model.
  static Result<SingleFileMap> of(const TensorShapes& tensors);

  /// Of the autoencoder only: alone in a file, in the original layout or as diffusers names it, or
  /// that of a whole checkpoint. traits() say nothing then. Errors: Invalid, when there is none.
  static Result<SingleFileMap> of_autoencoder(const TensorShapes& tensors);

  const ModelTraits& traits() const { return traits_; }

  /// The components that the file has, as diffusers folders name them: "unet" or "transformer",
  /// "vae", "text_encoder", "text_encoder_2", "text_encoder_3".
  std::vector<std::string> components() const;

  /// Where a tensor goes.
  struct Place {
    std::string component;      ///< empty: dropped
    std::vector<Piece> pieces;  ///< empty: dropped (schedules, EMA copies, buffers, layers that are
                                ///< never run)
  };

  /// Nothing: the tensor belongs to nothing that is known here.
  std::optional<Place> place(std::string_view name, const Shape& shape) const;

 private:
  struct Part {
    std::string prefix;
    std::string component;
    ModuleMap map;
  };

  ModelTraits traits_;
  std::vector<Part> parts_;  // longer prefixes first
};

}  // namespace furrow::engine::weights
