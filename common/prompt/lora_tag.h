#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/extra_networks.h"

namespace furrow::prompt {

/// A strength that may change over the steps: the points of a line of straight pieces.
struct StepStrength {
  struct Point {
    double strength = 1;
    double position = 0;  ///< a step from 0, or a fraction: see at()

    bool operator==(const Point&) const = default;
  };

  std::vector<Point> points;  ///< by rising position; one: the same at every step

  /// The strength at `step` (from 0) of `steps`: between two points in proportion, before the first
  /// and behind the last as there. When no position is above 1 they are fractions of the run, and
  /// the last but one step is its end (as in loractl, where this comes from).
  double at(int step, int steps) const;

  bool operator==(const StepStrength&) const = default;
};

/// What a <lora:…> tag asks for.
struct LoraTag {
  std::string name;           ///< of a file, "folder/name" or an alias
  StepStrength text_encoder;  ///< on the text encoders
  // On the UNet or transformer: its blocks on the way down, in the middle, on the way up.
  StepStrength in;
  StepStrength mid;
  StepStrength out;
  std::optional<int> rank;           ///< use at most this rank ("dyn")
  std::vector<std::string> modules;  ///< only these parts of the model; empty: all

  bool operator==(const LoraTag&) const = default;
};

/// Whether a tag is of the kind "lora" or "lyco", in any case.
bool is_lora(const NetworkTag& tag);

/// Reads a tag for which is_lora, in A1111's and sdnext's forms:
///
///   <lora:name>  <lora:name:0.8>                  one strength, 1 when none is given
///   <lora:name:0.5:0.8>  <lora:name:0.5:0.8:16>   text encoder, UNet, rank
///   te=0.5  unet=0.8  dyn=16                      the same by name; what names say wins
///   in=1  mid=0.5  out=0                          blocks of the UNet
///   module=unet,  high,  low                      parts; the last two are of models with two
///                                                 transformers, transformer and transformer_2
///
/// A strength that is not given is the text encoder's. Where a strength stands, `0@0,1@0.5,0@1` is
/// one over the steps: strength@position; `~` is as good as `@`, `;` as `,`; a position that is
/// left out is 1.
///
/// Errors: Invalid, quoting the tag, for a missing name, what is no number, and a name that is not
/// in this list (A1111 and sdnext pass over it).
Result<LoraTag> read_lora(const NetworkTag& tag);

}  // namespace furrow::prompt
