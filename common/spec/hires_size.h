#pragma once

#include <optional>
#include <string>

#include "common/spec/size_rule.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// What is wrong with the sizes that hires fix makes in some cell of a plan, as a sentence, or
/// nothing: one that is too large, or that follows from a scale or from one side alone where the
/// models need a coarser multiple than kHiresMultiple (settle.h).
std::optional<std::string> fault_of_hires_size(const v1::Plan& plan, const SizeRule& size_rule);

}  // namespace furrow::spec
