#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/weights/pickle.h"
#include "common/weights/pickle_opcodes.h"

namespace furrow::engine::weights::pickle {

/// An Invalid error; the second begins "its pickle is damaged".
Unexpected invalid(std::string sentence);
Unexpected damaged(std::string_view what);

/// The stack machine that runs a pickle: values are made on a stack, put into containers, and kept
/// in a memo to be used again. Steps return the first thing that is wrong.
class Machine {
 public:
  /// Runs what `bytes` begin with; they must outlive the values.
  explicit Machine(std::string_view bytes) : bytes_(bytes) {}

  /// To the end of the pickle; gives what it is about. Once.
  Result<ValueId> run();

  /// How many bytes were taken.
  std::size_t position() const { return at_; }

  std::vector<Value> values() && { return std::move(values_); }

 private:
  using Step = Result<void>;

  // One instruction: the table of all that are allowed.
  Step step(Opcode opcode);

  // The bytes of the pickle.
  Result<std::string_view> take(std::uint64_t count);
  Result<std::uint64_t> take_number(std::size_t width);
  Result<std::string_view> take_line();
  Step skip(std::uint64_t count);
  Step check_protocol();

  // The stack and the memo.
  Step push(Value value);
  Step push_id(ValueId id);
  Result<ValueId> pop();
  Step mark();
  Result<std::vector<ValueId>> pop_to_mark();
  Step hold(std::size_t items);
  Step put(std::uint64_t slot);
  Step put_in(std::size_t width_of_slot);
  Step get_from(std::size_t width_of_slot);

  template <typename T>
  const T* as(ValueId id) const {
    return std::get_if<T>(&values_[static_cast<std::size_t>(id)]);
  }

  // Nothing: the top of the stack is no T, or is not ours.
  template <typename T>
  T* top_as() {
    const bool is_empty = stack_.size() <= (marks_.empty() ? 0 : marks_.back());
    return is_empty ? nullptr : std::get_if<T>(&values_[static_cast<std::size_t>(stack_.back())]);
  }

  // Values: pickle_values.cpp.
  Step push_signed();
  Step push_unsigned(std::size_t width);
  Step push_long();
  Step push_double();
  Step push_text(std::size_t width_of_length);
  Step push_tuple(std::size_t count);
  Step push_tuple_to_mark();
  Step append();
  Step append_to_mark();
  Step append_all(const std::vector<ValueId>& items);
  Step set_item();
  Step set_items_to_mark();
  Step set_items(const std::vector<ValueId>& keys_and_values);

  // What Python would call or look up: pickle_objects.cpp.
  Step push_named_global();
  Step push_stacked_global();
  Step push_global(std::string_view module, std::string_view name);
  Step push_storage();
  Step reduce();
  Step push_ordered_dict(const std::vector<ValueId>& arguments);
  Step push_tensor(const std::vector<ValueId>& arguments);
  Step push_first(const std::vector<ValueId>& arguments);
  Step build();
  std::optional<std::uint64_t> count(ValueId id) const;
  std::optional<std::vector<std::int64_t>> sizes(ValueId id) const;

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::vector<Value> values_;
  std::vector<ValueId> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint64_t, ValueId> memo_;
  std::size_t held_ = 0;  // items in containers
};

}  // namespace furrow::engine::weights::pickle
