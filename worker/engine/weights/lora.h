#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/lora_names.h"
#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine::weights {

/// A LoRA made ready for one model: which weight of which of its networks it changes, and how.
/// Immutable; any thread.
class Lora {
 public:
  /// Reads a file and finds the places of its modules in the model's networks.
  ///
  /// Errors: as read_lora; Invalid when no module has a place (the LoRA is for another kind of
  /// model), when one has a place that it does not fit (for another size of model), naming the
  /// modules with both shapes, and for tensors that libtorch cannot hold; OutOfMemory.
  static Result<Lora> open(const std::filesystem::path& file,
                           const std::vector<LoraTarget>& targets);

  /// What it does to a network; empty: nothing.
  std::shared_ptr<const NetworkAdapters> of(std::string_view component) const;

  /// Modules of the file that the model has no place for: people should be told of them.
  const std::vector<std::string>& unplaced() const { return unplaced_; }

  /// What of the file is not used, and why, in whole sentences for people; empty: all is used.
  std::vector<std::string> notes() const;

 private:
  Lora() = default;

  static Result<Lora> place(const std::filesystem::path& file,
                            const std::vector<LoraTarget>& targets);

  std::map<std::string, std::shared_ptr<const NetworkAdapters>, std::less<>> networks_;
  std::vector<std::string> unplaced_;
  std::vector<std::string> unknown_;  // tensors of no kind that is known
  std::vector<std::string> bundled_;  // words that embeddings in the file stand for
};

}  // namespace furrow::engine::weights
