#include "common/model/tensor_names.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace furrow::model {

const engine::weights::Shape* TensorNames::find(std::string_view name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? nullptr : &found->second;
}

bool TensorNames::has_prefix(std::string_view prefix) const {
  const auto at = shapes_.lower_bound(prefix);
  return at != shapes_.end() && at->first.starts_with(prefix);
}

bool TensorNames::has_with(std::string_view part, std::string_view and_part) const {
  return std::ranges::any_of(shapes_, [&](const auto& tensor) {
    const std::string_view name = tensor.first;
    return name.find(part) != std::string_view::npos &&
           name.find(and_part) != std::string_view::npos;
  });
}

std::optional<std::int64_t> TensorNames::dim_of_suffix(std::string_view suffix,
                                                       std::size_t dim) const {
  for (const auto& [name, shape] : shapes_) {
    if (name.ends_with(suffix) && dim < shape.size()) return shape[dim];
  }
  return std::nullopt;
}

std::uint32_t TensorNames::count(std::string_view prefix) const {
  std::uint32_t count = 0;
  while (has_prefix(fmt::format("{}{}.", prefix, count))) ++count;
  return count;
}

}  // namespace furrow::model
