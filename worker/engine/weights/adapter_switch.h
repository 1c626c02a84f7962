#pragma once

#include <optional>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine::weights {

/// The LoRAs of one row of a batch.
using RowLoras = std::vector<AppliedLora>;

/// Applies LoRAs to a network as one pass after another asks for them, and only when they change.
///
/// What is the same for all rows and is asked for a second time in a row is merged: a pass over the
/// weights once, then the network runs as fast as without, at the cost of a copy of the weights
/// that are changed. All else is computed beside the weights: rows that differ, passes that take
/// turns, and a LoRA that fades from step to step. Borrows the table; used by the thread that runs
/// the network. What it applied stays until the next use.
class AdapterSwitch {
 public:
  explicit AdapterSwitch(const ParameterTable& parameters) : parameters_(parameters) {}

  /// Makes the network ready for a pass with these rows. Errors: as ParameterTable::adapt_rows;
  /// nothing is applied then.
  Result<void> use(const std::vector<RowLoras>& rows);

  /// Whether rows of one pass may differ in this LoRA, or in how much of it.
  bool can_differ(const NetworkAdapters& adapters) const;

 private:
  const ParameterTable& parameters_;
  std::optional<RowLoras> last_;  // what all rows of the last pass had; nothing: they differed
  bool is_merged_ = false;
};

}  // namespace furrow::engine::weights
