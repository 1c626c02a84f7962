#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/checkpoint.h"
#include "worker/engine/weights/parameter.h"
#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine::weights {

class Scope;

/// Fills a tree of modules from a checkpoint. Modules are built from the Scope of their place in
/// the tree and ask it for their weights; a weight that is missing or has another shape is noted
/// and the walk goes on, so that finish() tells every fault at once.
///
///     Loader loader(checkpoint, placement);
///     UNet unet(loader.root(), config);
///     FURROW_TRY_VOID(loader.finish());   // before this succeeds the module must not be used
///
/// One thread; must outlive its scopes. The modules need neither it nor the checkpoint afterwards:
/// a weight that the file has as it is computed with stays in the mapped file and keeps it.
class Loader {
 public:
  Loader(const Checkpoint& checkpoint, Placement placement)
      : checkpoint_(checkpoint), memory_(checkpoint.memory()), placement_(placement) {}

  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  Scope root();

  /// The weights loaded so far, under the names of the members.
  const ParameterTable& parameters() const { return parameters_; }

  /// Tensors that checkpoints carry and nobody needs; a name that ends so is no fault.
  void ignore(std::string_view suffix) { ignored_.emplace_back(suffix); }

  /// Errors: Invalid, one line a fault (tensor, expected shape, found shape), also for tensors that
  /// no module asked for: they mean that the config describes another network.
  Result<void> finish() const;

 private:
  friend class Scope;

  Parameter load(const std::string& name, const std::vector<std::int64_t>& shape);
  bool is_ignored(std::string_view name) const;

  const Checkpoint& checkpoint_;
  const std::shared_ptr<const void> memory_;  // of the checkpoint: weights may stay in it
  const Placement placement_;
  std::vector<std::string> ignored_;
  std::set<std::string> asked_;
  ParameterTable parameters_;
  std::vector<std::string> faults_;
};

/// A place in a tree of modules: what stands before the names of its weights. A value that refers
/// to its Loader.
class Scope {
 public:
  /// The place of a member: scope / "resnets" / 0 / "norm1".
  Scope operator/(std::string_view member) const;
  Scope operator/(std::size_t index) const;

  /// The weight `name` here. Its shape may differ from `shape` by ones at the end (a 1x1
  /// convolution is a linear); it comes in `shape`.
  Parameter required(std::string_view name, std::vector<std::int64_t> shape) const;

  /// The same, absent when the checkpoint has none.
  Parameter optional(std::string_view name, std::vector<std::int64_t> shape) const;

  /// Whether the checkpoint has the weight `name` here.
  bool has(std::string_view name) const;

 private:
  friend class Loader;

  Scope(Loader& loader, std::string prefix) : loader_(&loader), prefix_(std::move(prefix)) {}

  Loader* loader_;
  std::string prefix_;  // empty, or ends with a dot
};

}  // namespace furrow::engine::weights
