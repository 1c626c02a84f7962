#include "tests/golden_runner/families.h"

#include <algorithm>
#include <array>

namespace furrow::golden {

namespace {

struct Family {
  std::string_view name;
  CheckCase check;
};

// One row a family, one file a row: families/NAME.cpp.
constexpr std::array kFamilies = {
    Family{"rng", check_rng},
    Family{"schedulers", check_schedulers},
};

}  // namespace

CheckCase find_family(std::string_view family) {
  const auto* found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                   [&](const Family& row) { return row.name == family; });
  return found == kFamilies.end() ? nullptr : found->check;
}

}  // namespace furrow::golden
