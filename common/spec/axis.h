#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/spec/option_names.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// How the values of an axis are written and kept; AxisValues has one list for each but the texts.
enum class AxisType {
  Text,           ///< texts, each set as it is
  SearchReplace,  ///< texts; the first is searched for
  Permutation,    ///< permuted: phrases, whose orders are the values
  Integer,
  Seed,  ///< integers, of which -1 draws one
  Number,
  Size,
  Sampler,
  Schedule,  ///< texts: canonical names
  Choice,    ///< texts: canonical names of options
  Model,
  Vae,       ///< models, or the model's own
  Refiner,   ///< models, or none
  Upscaler,  ///< models; one without a hash is a way of hires_upscalers()
};

/// What else a sweep must have for a parameter to decide anything.
enum class Needs {
  Nothing,
  Picture,  ///< an init image
  Mask,
  Hires,           ///< hires fix, by a scale or a size
  PictureOrHires,  ///< a run that begins with a picture, be it the first or the second
  Refiner,
  Variation,  ///< a variation strength
};

/// Where a setter finds the value of a cell.
struct ValueAt {
  const v1::AxisValues& values;
  std::uint64_t i = 0;       ///< which of the values
  std::int64_t integer = 0;  ///< the value itself on an axis of integers
};

/// The least and the most that a number may be, and the most that is usual: beyond it people are
/// warned.
struct Limits {
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t usual_most = most;
  bool above_least = false;  ///< the least itself is out of range

  bool contains(double value) const {
    const auto low = static_cast<double>(least);
    return (above_least ? value > low : value >= low) && value <= static_cast<double>(most);
  }

  /// "0 to 30", "more than 0, to 1".
  std::string text() const;
};

/// One parameter that an axis can vary. A new one is a row in a table (axis_table.h), its field in
/// spec.proto if it is a parameter too, and a test.
struct AxisKind {
  std::string_view field;  ///< "guidance_scale": what is stored
  std::string_view label;  ///< "CFG scale": what people read
  AxisType type;
  /// What a change between two cells costs a worker, 0 to 1, as A1111 rates it: dear axes vary
  /// slowest.
  double cost;
  /// Whether a value needs no label beside it on a sheet: "dog face", "Euler a".
  bool speaks_for_itself;
  std::vector<std::string_view> aliases;  ///< labels of A1111 and sdnext and other spellings
  void (*set)(v1::Recipe& recipe, const ValueAt& value);
  Limits limits = {};  ///< of an Integer, a Seed or a Number
  Needs needs = Needs::Nothing;
  const OptionNames& (*options)() = nullptr;  ///< of a Choice
};

/// Every axis, in the order to list them.
const std::vector<AxisKind>& axis_kinds();

/// Whether an axis is also a parameter: it sets a field of a recipe rather than edits a text.
bool is_parameter(const AxisKind& kind);

/// The kind of this field, or null.
const AxisKind* axis_of_field(std::string_view field);

/// The axis that a label means. Case, spaces, underscores and hyphens do not count, nor does
/// sdnext's group: "[Param] Steps". A part of a label will do (sdnext's rule) when only one axis
/// begins with it, or none does and only one has it. Errors: Invalid, a sentence that goes on after
/// the label ("is not an axis …"): an axis of A1111 or sdnext that furrow does not support yet,
/// several that it could be, or the nearest.
Result<const AxisKind*> find_axis(std::string_view label);

/// As find_axis, but only whole names: null when there is none.
const AxisKind* axis_named(std::string_view label);

/// The order in which axes act on a prompt: X, Y, Z, then those without a role.
int role_rank(v1::AxisRole role);

/// How many values an axis has.
std::uint64_t value_count(const AxisKind& kind, const v1::AxisValues& values);

/// The value as people read it: "7", "DPM++ 2M Karras", "512x768".
std::string value_text(const AxisKind& kind, const ValueAt& value);

}  // namespace furrow::spec
