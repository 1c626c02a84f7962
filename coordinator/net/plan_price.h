#pragma once

#include <cstdint>

#include "coordinator/net/core_calls.h"
#include "coordinator/net/plan_estimate.h"
#include "coordinator/store/reader.h"
#include "furrow/v1/client.pb.h"

namespace furrow::net {

/// What finished cells cost, as far as any finished.
struct PastCost {
  double seconds_per_pixel_step = -1;  ///< of an engine; < 0: nothing was measured yet
  double bytes_per_pixel = -1;         ///< of a picture; < 0: none is stored yet
};

/// What the farm looks like to a new job.
struct FarmLoad {
  std::uint32_t devices = 0;    ///< of connected workers
  double seconds_of_queue = 0;  ///< until the jobs ahead are done; < 0: not known
};

/// Averages over the newest jobs with finished cells: those of the same model if there are some,
/// else all.
PastCost measure_past(CoreCalls& calls, store::Reader& reader, const v1::Recipe& base);
FarmLoad measure_load(CoreCalls& calls);

/// Puts a price on a sweep of which `hits` of estimate.recipes are rendered already. What cannot be
/// known is < 0; the size of a picture is guessed while none is stored.
v1::PlanSummary price(const PlanEstimate& estimate, std::uint64_t hits, const PastCost& past,
                      const FarmLoad& load);

}  // namespace furrow::net
