#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/spec/plan.h"
#include "common/spec/size_rule.h"

namespace furrow::spec {

/// What every cell starts from, with its names resolved, but for the model.
struct BaseReading {
  v1::Recipe recipe;
  std::vector<std::string> faults;  ///< whole sentences
  std::vector<std::string> warnings;
};

/// What reading the base needs to know of the sweep around it.
struct BaseContext {
  const Catalog& catalog;
  const std::function<std::uint32_t()>& draw_seed;
  const SizeRule& size_rule;
  const std::vector<const v1::ModelOnDisk*>& models;  ///< that some cell renders with
  const std::set<std::string_view>& varied;           ///< the fields of the axes
};

/// Reads the parameters that a sweep does not vary, and gives those that are not written the
/// defaults of common/spec/plan.h.
BaseReading read_base_recipe(const v1::Parameters& base, const BaseContext& context);

}  // namespace furrow::spec
