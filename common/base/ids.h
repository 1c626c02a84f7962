#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace furrow {

/// An integer that names one kind of thing; ids of different kinds do not mix.
template <typename Tag, typename Integer = std::uint64_t>
struct Id {
  Integer value = 0;

  constexpr Id() = default;

  constexpr explicit Id(Integer v) : value(v) {}

  auto operator<=>(const Id&) const = default;
};

using JobId = Id<struct JobTag>;
using CellIndex = Id<struct CellTag>;  ///< position in the grid; the first axis varies fastest
using SessionId =
    Id<struct SessionTag>;  ///< one connection of one worker, never reused within an epoch
using WorkerKey = Id<struct WorkerTag>;  ///< a worker's row in the database
using Epoch = Id<struct EpochTag>;       ///< the coordinator's boot counter

/// One cell of one job.
struct CellKey {
  JobId job;
  CellIndex cell;
  auto operator<=>(const CellKey&) const = default;
};

}  // namespace furrow

template <typename Tag, typename Integer>
struct std::hash<furrow::Id<Tag, Integer>> {
  std::size_t operator()(const furrow::Id<Tag, Integer>& id) const noexcept {
    return std::hash<Integer>{}(id.value);
  }
};

template <>
struct std::hash<furrow::CellKey> {
  std::size_t operator()(const furrow::CellKey& key) const noexcept {
    return static_cast<std::size_t>((key.job.value * 0x9E3779B97F4A7C15ULL) ^
                                    (key.cell.value * 0xC2B2AE3D27D4EB4FULL));
  }
};
