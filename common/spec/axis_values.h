#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/spec/axis.h"
#include "common/spec/plan.h"
#include "common/spec/size_rule.h"
#include "common/spec/values.h"

namespace furrow::spec {

/// The values of one axis with every name in them resolved.
struct AxisReading {
  v1::AxisValues values;
  std::vector<ValueFault> faults;
  std::vector<std::string> warnings;  ///< go on after the axis' name
};

/// What reading an axis needs to know of the sweep around it.
struct ReadingContext {
  const Catalog& catalog;
  const std::function<std::uint32_t()>& draw_seed;
  SizeRule size_rule;
};

/// Reads the values of an axis as written; what the axes have to do with each other is not looked
/// at. An empty axis is a fault.
AxisReading read_axis_values(const AxisKind& kind, const v1::AxisSpec& spec,
                             const ReadingContext& context);

}  // namespace furrow::spec
