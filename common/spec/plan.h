#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "furrow/v1/spec.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::spec {

/// The largest grid that is taken.
inline constexpr std::uint64_t kMaxCells = 100'000'000;

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
/// drawn from `draw_seed`, each in [0, 2^32 - 2].
///
/// On any fault nothing is resolved and the Error (kind Invalid) holds every fault found, one
/// sentence a line: which axis or parameter, which token at which position, what would be right or
/// was nearest.
Result<PlanWithWarnings> make_plan(const v1::JobSpec& spec, const Catalog& catalog,
                                   const std::function<std::uint32_t()>& draw_seed);

}  // namespace furrow::spec
