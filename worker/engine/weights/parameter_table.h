#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/parameter.h"

namespace furrow::engine::weights {

/// What a LoRA does to one network: weight → adapter. The names are those of the network's members.
using NetworkAdapters = std::map<std::string, std::shared_ptr<const Adapter>, std::less<>>;

/// A LoRA in use, and how much of it.
struct AppliedLora {
  std::shared_ptr<const NetworkAdapters> adapters;
  double scale = 1;
};

/// The weights of one network by the names of its members: where LoRAs are applied. The entries are
/// handles to the same weights as the network's. One thread, the one that runs the network.
class ParameterTable {
 public:
  using Entries = std::map<std::string, Parameter, std::less<>>;

  void add(std::string name, Parameter parameter);

  const Entries& entries() const { return entries_; }

  /// Nothing: the network has no such weight.
  const Parameter* find(std::string_view name) const;

  /// Applies these LoRAs, and no others, to all rows: their deltas add up. Costs a pass over the
  /// weights that they change and a copy of those; the network then runs as fast as without.
  void adapt(const std::vector<AppliedLora>& loras) const;

  /// Applies LoRAs per row of the batch: rows[i] to row i. Every pass of the network then costs a
  /// little more, and takes exactly so many rows. A LoRA that the call before did not name is made
  /// ready first: of plain ones the factors are copied; of other kinds (DoRA, LoHa, LoKr, Tucker
  /// forms, whole differences) what they add, as large as the weights that they change.
  ///
  /// Errors: Invalid, when a LoRA changes something that is the same for all rows whatever LoRAs
  /// they have (a norm, an embedding), naming it; nothing is applied then.
  Result<void> adapt_rows(const std::vector<std::vector<AppliedLora>>& rows) const;

 private:
  Entries entries_;
};

}  // namespace furrow::engine::weights
