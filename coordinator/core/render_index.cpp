#include "coordinator/core/render_index.h"

#include <bit>
#include <functional>
#include <limits>

namespace furrow::core {

namespace {

constexpr std::size_t kSmallest = 64;

}  // namespace

std::optional<CellKey> RenderIndex::find(const HashPrefix& recipe) const {
  if (entries_.empty()) return std::nullopt;
  const Entry& entry = entries_[place_of(recipe)];
  if (entry.job == 0) return std::nullopt;
  return CellKey{JobId{entry.job}, CellIndex{entry.cell}};
}

void RenderIndex::add(const HashPrefix& recipe, CellKey cell) {
  // Ids beyond 32 bits go without: their pictures are rendered again, nothing else is lost.
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  if (cell.job.value > kLargest || cell.cell.value > kLargest) return;
  reserve(size_ + 1);
  Entry& entry = entries_[place_of(recipe)];
  if (entry.job != 0) return;
  entry = {recipe, static_cast<std::uint32_t>(cell.job.value),
           static_cast<std::uint32_t>(cell.cell.value)};
  ++size_;
}

void RenderIndex::reserve(std::size_t recipes) {
  const std::size_t wanted = recipes + recipes / 3 + 1;
  if (wanted > entries_.size()) grow(std::max(kSmallest, std::bit_ceil(wanted)));
}

std::size_t RenderIndex::place_of(const HashPrefix& recipe) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t place = std::hash<HashPrefix>{}(recipe)&mask;
  while (entries_[place].job != 0 && entries_[place].recipe != recipe) place = (place + 1) & mask;
  return place;
}

void RenderIndex::grow(std::size_t places) {
  std::vector<Entry> old(places);
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.job != 0) entries_[place_of(entry.recipe)] = entry;
  }
}

}  // namespace furrow::core
