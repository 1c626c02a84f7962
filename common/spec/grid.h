#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/result.h"
#include "common/spec/axis.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// The grid of a plan: which cell is which point, and what it renders. Immutable after
/// construction, so it may be shared between threads. Everything is computed from the index;
/// nothing is as large as the grid.
class Grid {
 public:
  /// For a plan that came over the wire or from a disk. Errors: Invalid when an axis, a sampler or
  /// a schedule in it is none of ours (a newer furrow made it) or its lists do not fit its axes.
  static Result<Grid> open(v1::Plan plan);

  /// Requires: `plan` came from make_plan (common/spec/plan.h), or open would take it.
  explicit Grid(v1::Plan plan);

  const v1::Plan& plan() const { return plan_; }

  /// The product of the axes' lengths; 1 without axes.
  std::uint64_t cell_count() const { return cell_count_; }

  /// The length of each axis.
  const std::vector<std::uint64_t>& lengths() const { return lengths_; }

  /// Mixed radix: the first axis varies fastest. Requires: index < cell_count().
  std::vector<std::uint64_t> coordinates(std::uint64_t index) const;
  /// The inverse. Requires: one coordinate an axis, each below its length.
  std::uint64_t index(const std::vector<std::uint64_t>& coordinates) const;

  /// The order in which cells are best rendered, as a bijection on [0, cell_count()): axes whose
  /// change costs a lot (model, VAE, size) vary slowest, the rest keep the grid's order.
  std::uint64_t index_in_render_order(std::uint64_t position) const;

  /// The axes in render order, by their place in the plan: the one that varies fastest first.
  const std::vector<std::size_t>& render_order() const { return render_order_; }

  /// All that decides the picture of a cell: the base with each axis' value applied. Prompts are
  /// set first; then phrases are put in their order, while they still stand in the prompt as it was
  /// written; then texts are searched and replaced, the X axis before Y before Z before the others;
  /// last the recipe is settled (settle.h) and keeps the LoRAs that
  /// its prompts name (loras.h).
  v1::Recipe recipe(std::uint64_t index) const;
  Digest recipe_hash(std::uint64_t index) const;

  /// "7", "DPM++ 2M Karras", "dog face": value `i` of axis `axis` as people read it.
  std::string value_label(std::size_t axis, std::uint64_t i) const;
  /// "CFG scale: 7", or the bare value where the label adds nothing (prompts, S/R, samplers) and
  /// the value is not empty: as on a sheet.
  std::string coordinate_label(std::size_t axis, std::uint64_t i) const;

 private:
  struct Axis {
    const AxisKind* kind;
    std::uint64_t length;
    std::uint64_t stride;                 // how many cells on its value changes
    std::vector<std::uint64_t> run_ends;  // of an axis of integers: values up to each run's end
  };

  ValueAt value_at(std::size_t axis, std::uint64_t i) const;

  v1::Plan plan_;
  std::vector<Axis> axes_;
  std::vector<std::uint64_t> lengths_;
  std::vector<std::size_t> apply_order_;
  std::vector<std::size_t> render_order_;  // axes, fastest first
  std::uint64_t cell_count_ = 1;
};

}  // namespace furrow::spec
