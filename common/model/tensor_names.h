#pragma once

#include <optional>
#include <string_view>

#include "common/weights/shape.h"

namespace furrow::model {

/// Questions to the names and shapes in a header.
class TensorNames {
 public:
  explicit TensorNames(const engine::weights::TensorShapes& shapes) : shapes_(shapes) {}

  std::size_t size() const { return shapes_.size(); }

  const engine::weights::TensorShapes& shapes() const { return shapes_; }

  /// Nothing: there is no tensor of that name.
  const engine::weights::Shape* find(std::string_view name) const;

  bool has(std::string_view name) const { return find(name) != nullptr; }

  bool has_prefix(std::string_view prefix) const;

  /// Some name has all of these in it.
  bool has_with(std::string_view part, std::string_view and_part = "") const;

  /// A dimension of the first tensor whose name ends so; nothing without one.
  std::optional<std::int64_t> dim_of_suffix(std::string_view suffix, std::size_t dim) const;

  /// How many numbers from 0 on follow `prefix`, each with a dot behind it.
  std::uint32_t count(std::string_view prefix) const;

 private:
  const engine::weights::TensorShapes& shapes_;
};

}  // namespace furrow::model
