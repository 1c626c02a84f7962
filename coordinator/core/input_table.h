#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"

namespace furrow::core {

/// An input whose file is on disk.
struct KeptInput {
  std::uint64_t bytes = 0;
  UnixMillis stored_at;
  bool is_artifact = false;  ///< some cell's picture is the same file: it is never removed
};

/// The pictures that jobs begin with: which are kept, and which some job names. A job may name one
/// whose file was lost. Bounded by the disk, and by what clients send in a day.
class InputTable {
 public:
  bool keeps(const Digest& input) const { return kept_.contains(input); }

  /// Null when it is not kept.
  KeptInput* find(const Digest& input);

  /// The file is on disk.
  void keep(const Digest& input, const KeptInput& kept) { kept_[input] = kept; }

  /// A job begins with it. Jobs stay, so this is for ever.
  void name(const Digest& input) { named_.insert(input); }

  /// The file is gone. False: it was not kept.
  bool drop(const Digest& input) { return kept_.erase(input) > 0; }

  /// Drops what no job names, no cell has as its picture and was stored before `before`, at most
  /// `limit`, and says what that was.
  std::vector<Digest> take_unnamed(UnixMillis before, std::size_t limit);

 private:
  std::map<Digest, KeptInput> kept_;
  std::set<Digest> named_;
};

}  // namespace furrow::core
