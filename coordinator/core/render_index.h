#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "common/base/digest.h"
#include "common/base/ids.h"

namespace furrow::core {

/// The first half of a recipe hash: two recipes that differ have different ones for all purposes.
struct HashPrefix {
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const HashPrefix&) const = default;

  static HashPrefix of(const Digest& digest) {
    HashPrefix prefix;
    std::memcpy(prefix.bytes.data(), digest.bytes.data(), prefix.bytes.size());
    return prefix;
  }
};

/// Finds the cell that has the picture of a recipe. A flat table with linear probing, 24 bytes an
/// entry and no heap cell each: a million pictures are some 40 MB.
class RenderIndex {
 public:
  std::optional<CellKey> find(const HashPrefix& recipe) const;

  /// Keeps the first cell of a recipe; later ones are copies of it.
  void add(const HashPrefix& recipe, CellKey cell);

  void reserve(std::size_t recipes);

  std::size_t size() const { return size_; }

 private:
  /// `job` 0 marks an empty place: job ids start at 1.
  struct Entry {
    HashPrefix recipe;
    std::uint32_t job = 0;
    std::uint32_t cell = 0;
  };

  /// Where the recipe is, or the empty place where it would go. Requires: the table is not full.
  std::size_t place_of(const HashPrefix& recipe) const;
  void grow(std::size_t places);

  std::vector<Entry> entries_;  // a power of two, at most 3/4 full
  std::size_t size_ = 0;
};

}  // namespace furrow::core

template <>
struct std::hash<furrow::core::HashPrefix> {
  std::size_t operator()(const furrow::core::HashPrefix& prefix) const noexcept {
    std::size_t word = 0;  // a hash already: any eight bytes of it will do
    std::memcpy(&word, prefix.bytes.data(), sizeof word);
    return word;
  }
};
