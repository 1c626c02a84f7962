#pragma once

#include <cstddef>
#include <vector>

#include "common/base/digest.h"
#include "coordinator/core/events.h"
#include "coordinator/net/core_calls.h"

namespace furrow::net {

/// What the blob thread, which owns the files, and the core, which knows who wants them, tell each
/// other of inputs: the pictures that jobs begin with. What a call changes is in the database when
/// it returns. Since the blob thread waits meanwhile, it stores no input between hearing that one
/// is not wanted and removing its file.
class InputLedger {
 public:
  virtual ~InputLedger() = default;

  /// The files are synced; jobs may name them when this returns.
  virtual void on_stored(const std::vector<core::StoredInput>& inputs) = 0;
  /// A blob, perhaps an input, was asked for and cannot be read.
  virtual void on_lost(const Digest& blob) = 0;
  /// Inputs that no job may name from now on, so that their files can be removed.
  virtual std::vector<Digest> take_expired(std::size_t limit) = 0;
  virtual void on_removed(const std::vector<Digest>& inputs) = 0;
};

/// The core's own, by calls to the control thread.
class CoreInputLedger final : public InputLedger {
 public:
  explicit CoreInputLedger(CoreCalls& calls) : calls_(calls) {}

  void on_stored(const std::vector<core::StoredInput>& inputs) override;
  void on_lost(const Digest& blob) override;
  std::vector<Digest> take_expired(std::size_t limit) override;
  void on_removed(const std::vector<Digest>& inputs) override;

 private:
  CoreCalls& calls_;
};

}  // namespace furrow::net
