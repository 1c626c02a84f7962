#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/weights/shape.h"

namespace furrow::engine::weights {

/// What is done to a tensor on its way from the file to the network.
enum class Change {
  None,
  Transpose,   ///< [a, b] to [b, a]
  SwapHalves,  ///< the second half of the rows first
};

/// What a module, or a single tensor, of an original release is called in a diffusers folder.
///
/// Names cover whatever is below them: "img_in" is "img_in.weight" and "img_in.bias".
struct ModuleNames {
  std::string original;
  /// One; or several, whose rows the original has below each other in one tensor (fused qkv); or
  /// none: such tensors are in files and belong to no network.
  std::vector<std::string> members;
  /// How many rows each of several members has; the last, 0, has all that are left. Empty: equally
  /// many.
  std::vector<std::int64_t> rows;
  Change change = Change::None;
};

/// Where (a part of) a tensor goes.
struct Piece {
  std::string name;            ///< in a diffusers folder
  std::int64_t first_row = 0;  ///< of the original
  std::int64_t rows = 0;       ///< 0: the whole tensor, whatever its dimensions
  Change change = Change::None;

  bool operator==(const Piece&) const = default;
};

/// The names of a network in an original release and in a diffusers folder, in both directions. A
/// name belongs to the longest entry that covers it.
class ModuleMap {
 public:
  ModuleMap() = default;
  explicit ModuleMap(std::vector<ModuleNames> names);

  /// What becomes of the original tensor `name`: its pieces, in the order of their rows; none when
  /// it belongs to no network. Nothing: the map does not know the name, or its rows cannot be
  /// split.
  std::optional<std::vector<Piece>> pieces(std::string_view name, const Shape& shape) const;

  /// Where a member was: the original name, and which of the entry's members it is.
  struct Origin {
    std::string original;
    std::size_t index = 0;
    const ModuleNames* entry = nullptr;
  };

  /// Nothing: the map does not know the member.
  std::optional<Origin> origin(std::string_view member) const;

 private:
  using Index = std::map<std::string, std::size_t, std::less<>>;

  std::vector<ModuleNames> names_;
  Index by_original_;
  Index by_member_;
};

}  // namespace furrow::engine::weights
