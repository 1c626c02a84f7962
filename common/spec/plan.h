#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "furrow/v1/spec.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::spec {

/// The largest grid that is taken, the most axes of one, and the most bytes of one text in it.
inline constexpr std::uint64_t kMaxCells = 100'000'000;
inline constexpr int kMaxAxes = 16;
inline constexpr std::size_t kMaxText = 64 << 10;

/// What a spec that says nothing gets. Steps and guidance scale are those of A1111's page; Euler is
/// the default of its API, and settles on one picture as steps grow, so that cells can be compared.
/// The size is the model's own, the schedule the sampler's own.
inline constexpr std::uint32_t kDefaultSteps = 20;
inline constexpr double kDefaultGuidanceScale = 7;
inline constexpr std::string_view kDefaultSampler = "euler";
inline constexpr std::string_view kDefaultSchedule = "automatic";
inline constexpr std::uint32_t kDefaultClipSkip = 1;
/// What the parts that only some recipes have get, when they are there: those of A1111's page.
inline constexpr double kDefaultDenoisingStrength = 0.75;
inline constexpr double kDefaultImageGuidanceScale = 1.5;
inline constexpr double kDefaultMaskBlur = 4;
inline constexpr std::uint32_t kDefaultMaskPadding = 32;
inline constexpr std::string_view kDefaultHiresUpscaler = "latent";
inline constexpr double kDefaultHiresDenoisingStrength = 0.7;
inline constexpr double kDefaultRefinerSwitch = 0.8;
/// As a seed: draw one.
inline constexpr std::int64_t kRandomSeed = -1;
/// The side of a picture in pixels when even the model does not say.
inline constexpr std::uint32_t kDefaultSide = 512;

/// What names in a spec may refer to.
struct Catalog {
  std::vector<v1::ModelOnDisk> models;  ///< every model some worker has or had
  std::string default_model;            ///< its name, used when a spec names none
};

struct PlanWithWarnings {
  v1::Plan plan;
  std::vector<std::string> warnings;  ///< duplicates, values far out of the usual range …
};

/// Resolves a sweep: names to canonical names, models to content hashes, random seeds (-1) to seeds
/// drawn from `draw_seed`, each in [0, 2^32 - 2]: one for all cells, or on a seed axis another for
/// each -1. If no axis has a role, the first three become X, Y and Z. A part of a recipe that
/// decides nothing is left out (settle.h); pictures must come with the hash of their content. The
/// LoRAs that prompts name are found in the catalog (loras.h).
///
/// On any fault nothing is resolved and the Error (kind Invalid) holds every fault found, one
/// sentence a line: which axis or parameter, which token at which position, what would be right or
/// was nearest. Warnings do not stop anything.
Result<PlanWithWarnings> make_plan(const v1::JobSpec& spec, const Catalog& catalog,
                                   const std::function<std::uint32_t()>& draw_seed);

}  // namespace furrow::spec
