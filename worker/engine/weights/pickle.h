#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/pickle_globals.h"

/// Python's pickles, as far as they hold tensors. A pickle is a program for a small stack machine,
/// and one of its instructions calls any function that Python has: whoever lets Python load a
/// pickle runs what its author liked. This reader has an allow-list of instructions and of names
/// instead, and builds plain values; no memory that a pickle asks for exceeds the bounds below.
namespace furrow::engine::weights::pickle {

/// Where a value lies in its Pickle. A value may be reached by several ways, and even from itself.
enum class ValueId : std::uint32_t {};

struct None {};

/// An integer of more than 64 bits; its bytes, the least significant first.
struct LongInteger {
  std::string_view bytes;
};

/// A text or bytes, within the pickle.
struct Text {
  std::string_view value;
};

struct Tuple {
  std::vector<ValueId> items;
};

struct List {
  std::vector<ValueId> items;
};

struct Dict {
  std::vector<std::pair<ValueId, ValueId>> items;  // key and value, in the order of setting
};

/// A storage outside the pickle, as torch.save writes it.
struct StorageRef {
  std::string_view key;
  Dtype dtype = Dtype::F32;
  std::uint64_t elements = 0;
};

/// A tensor in a storage; every element lies inside it. Sizes and strides count elements.
struct TensorRef {
  StorageRef storage;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

using Value = std::variant<None, bool, std::int64_t, LongInteger, double, Text, Tuple, List, Dict,
                           PickleGlobal, StorageRef, TensorRef>;

/// What one pickle holds. Valid while the bytes that it was read from live.
class Pickle {
 public:
  /// Runs the pickle that `bytes` begin with. Errors: Invalid, a sentence without the file's name;
  /// an instruction or name that is not allowed is named.
  static Result<Pickle> read(std::string_view bytes);

  ValueId root() const { return root_; }

  const Value& at(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }

  /// All values that it made, reached from the root or not.
  const std::vector<Value>& values() const { return values_; }

  /// How many of the bytes it is; another pickle may follow.
  std::size_t size() const { return size_; }

 private:
  Pickle() = default;

  std::vector<Value> values_;
  ValueId root_ = {};
  std::size_t size_ = 0;
};

/// The bounds. The largest published checkpoints stay below a tenth of each.
inline constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxValues = std::size_t{1} << 20;  ///< also on the stack, in the memo
inline constexpr std::size_t kMaxItems = 4 * kMaxValues;         ///< in all containers together
inline constexpr std::size_t kMaxDimensions = 8;                 ///< of a tensor

}  // namespace furrow::engine::weights::pickle
