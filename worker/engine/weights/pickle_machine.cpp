#include "worker/engine/weights/pickle_machine.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "worker/engine/weights/little_endian.h"

namespace furrow::engine::weights::pickle {

namespace {

constexpr std::uint64_t kNewestProtocol = 5;

}  // namespace

Unexpected invalid(std::string sentence) {
  return fail(ErrorKind::Invalid, std::move(sentence));
}

Unexpected damaged(std::string_view what) {
  return invalid(fmt::format("its pickle is damaged: {}", what));
}

Result<ValueId> Machine::run() {
  while (true) {
    FURROW_TRY(const auto opcode, take_number(1));
    if (static_cast<Opcode>(opcode) == Opcode::Stop) return pop();
    FURROW_TRY_VOID(step(static_cast<Opcode>(opcode)));
  }
}

Machine::Step Machine::step(Opcode opcode) {
  switch (opcode) {
    case Opcode::Stop:
      return {};
    case Opcode::Proto:
      return check_protocol();
    case Opcode::Frame:
      return skip(8);  // a length, for those who read from a stream

    case Opcode::None:
      return push(None{});
    case Opcode::NewTrue:
      return push(true);
    case Opcode::NewFalse:
      return push(false);
    case Opcode::BinInt:
      return push_signed();
    case Opcode::BinInt1:
      return push_unsigned(1);
    case Opcode::BinInt2:
      return push_unsigned(2);
    case Opcode::Long1:
      return push_long();
    case Opcode::BinFloat:
      return push_double();
    case Opcode::ShortBinString:
    case Opcode::ShortBinUnicode:
    case Opcode::ShortBinBytes:
      return push_text(1);
    case Opcode::BinString:
    case Opcode::BinUnicode:
    case Opcode::BinBytes:
      return push_text(4);
    case Opcode::BinUnicode8:
      return push_text(8);

    case Opcode::Mark:
      return mark();
    case Opcode::EmptyTuple:
      return push_tuple(0);
    case Opcode::Tuple1:
      return push_tuple(1);
    case Opcode::Tuple2:
      return push_tuple(2);
    case Opcode::Tuple3:
      return push_tuple(3);
    case Opcode::Tuple:
      return push_tuple_to_mark();
    case Opcode::EmptyList:
      return push(List{});
    case Opcode::Append:
      return append();
    case Opcode::Appends:
      return append_to_mark();
    case Opcode::EmptyDict:
      return push(Dict{});
    case Opcode::SetItem:
      return set_item();
    case Opcode::SetItems:
      return set_items_to_mark();

    case Opcode::BinPut:
      return put_in(1);
    case Opcode::LongBinPut:
      return put_in(4);
    case Opcode::Memoize:
      return put(memo_.size());
    case Opcode::BinGet:
      return get_from(1);
    case Opcode::LongBinGet:
      return get_from(4);

    case Opcode::Global:
      return push_named_global();
    case Opcode::StackGlobal:
      return push_stacked_global();
    case Opcode::BinPersId:
      return push_storage();
    case Opcode::Reduce:
      return reduce();
    case Opcode::Build:
      return build();
  }
  return invalid(
      fmt::format("its pickle has the instruction {}, which is refused: tensors do not "
                  "need it, and it may run a program",
                  name_of_refused(static_cast<unsigned char>(opcode))));
}

Result<std::string_view> Machine::take(std::uint64_t count) {
  if (count > bytes_.size() - at_) {
    return invalid(bytes_.size() == kMaxBytes
                       ? fmt::format("its pickle is longer than {} bytes", kMaxBytes)
                       : "its pickle has no end: the file is truncated or damaged");
  }
  const auto taken = bytes_.substr(at_, count);
  at_ += count;
  return taken;
}

Result<std::uint64_t> Machine::take_number(std::size_t width) {
  FURROW_TRY(const auto bytes, take(width));
  return little_endian(bytes);
}

Result<std::string_view> Machine::take_line() {
  const auto end = bytes_.find('\n', at_);
  FURROW_TRY(const auto line, take(end == std::string_view::npos ? end : end + 1 - at_));
  return line.substr(0, line.size() - 1);
}

Machine::Step Machine::skip(std::uint64_t count) {
  FURROW_TRY_VOID(take(count));
  return {};
}

Machine::Step Machine::check_protocol() {
  FURROW_TRY(const auto protocol, take_number(1));
  if (protocol <= kNewestProtocol) return {};
  return invalid(fmt::format("its pickle is of protocol {}, and the newest known here is {}",
                             protocol, kNewestProtocol));
}

Machine::Step Machine::push(Value value) {
  if (values_.size() >= kMaxValues) {
    return invalid(fmt::format("its pickle holds more than {} values", kMaxValues));
  }
  values_.push_back(std::move(value));
  return push_id(static_cast<ValueId>(values_.size() - 1));
}

Machine::Step Machine::push_id(ValueId id) {
  if (stack_.size() >= kMaxValues) return damaged("its stack is too high");
  stack_.push_back(id);
  return {};
}

Result<ValueId> Machine::pop() {
  // What lies below a mark belongs to what is made after the mark is gone.
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return damaged("its stack is empty");
  const auto id = stack_.back();
  stack_.pop_back();
  return id;
}

Machine::Step Machine::mark() {
  if (marks_.size() >= kMaxValues) return damaged("it has too many marks");
  marks_.push_back(stack_.size());
  return {};
}

Result<std::vector<ValueId>> Machine::pop_to_mark() {
  if (marks_.empty()) return damaged("a mark is missing");
  const auto height = static_cast<std::ptrdiff_t>(marks_.back());
  marks_.pop_back();
  std::vector<ValueId> items(stack_.begin() + height, stack_.end());
  stack_.resize(static_cast<std::size_t>(height));
  return items;
}

// Before so many items go into a container.
Machine::Step Machine::hold(std::size_t items) {
  held_ += items;
  if (held_ <= kMaxItems) return {};
  return invalid(fmt::format("its pickle holds more than {} items", kMaxItems));
}

Machine::Step Machine::put(std::uint64_t slot) {
  FURROW_TRY(const auto top, pop());
  // Slots are numbered in turn; others would be chosen to collide in the memo.
  if (slot >= kMaxValues) return damaged("its memo is too large");
  memo_[slot] = top;
  return push_id(top);
}

Machine::Step Machine::put_in(std::size_t width) {
  FURROW_TRY(const auto slot, take_number(width));
  return put(slot);
}

Machine::Step Machine::get_from(std::size_t width) {
  FURROW_TRY(const auto slot, take_number(width));
  const auto found = memo_.find(slot);
  if (found == memo_.end()) return damaged("it uses a value that it did not keep");
  return push_id(found->second);
}

}  // namespace furrow::engine::weights::pickle
