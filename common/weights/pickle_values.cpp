// How the machine makes numbers, texts and containers.

#include <bit>
#include <string>

#include "common/weights/little_endian.h"
#include "common/weights/pickle_machine.h"

namespace furrow::engine::weights::pickle {

Machine::Step Machine::push_signed() {
  FURROW_TRY(const auto bits, take_number(4));
  return push(static_cast<std::int64_t>(static_cast<std::int32_t>(bits)));
}

Machine::Step Machine::push_unsigned(std::size_t width) {
  FURROW_TRY(const auto number, take_number(width));
  return push(static_cast<std::int64_t>(number));
}

Machine::Step Machine::push_long() {
  FURROW_TRY(const auto length, take_number(1));
  FURROW_TRY(const auto bytes, take(length));
  constexpr std::size_t kBytes = 8;
  if (bytes.size() > kBytes) return push(LongInteger{bytes});
  auto bits = little_endian(bytes);
  const bool is_negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
  if (is_negative && bytes.size() < kBytes) bits |= ~std::uint64_t{0} << (8 * bytes.size());
  return push(static_cast<std::int64_t>(bits));
}

Machine::Step Machine::push_double() {
  FURROW_TRY(const auto bytes, take(8));
  // The one number with its most significant byte first.
  const std::string reversed(bytes.rbegin(), bytes.rend());
  return push(std::bit_cast<double>(little_endian(reversed)));
}

Machine::Step Machine::push_text(std::size_t width_of_length) {
  FURROW_TRY(const auto length, take_number(width_of_length));
  FURROW_TRY(const auto text, take(length));
  return push(Text{text});
}

Machine::Step Machine::push_tuple(std::size_t size) {
  FURROW_TRY_VOID(hold(size));
  Tuple tuple;
  tuple.items.resize(size);
  for (std::size_t i = size; i-- > 0;) {
    FURROW_TRY(tuple.items[i], pop());
  }
  return push(std::move(tuple));
}

Machine::Step Machine::push_tuple_to_mark() {
  FURROW_TRY(auto items, pop_to_mark());
  FURROW_TRY_VOID(hold(items.size()));
  return push(Tuple{std::move(items)});
}

Machine::Step Machine::append() {
  FURROW_TRY(const auto item, pop());
  return append_all({item});
}

Machine::Step Machine::append_to_mark() {
  FURROW_TRY(const auto items, pop_to_mark());
  return append_all(items);
}

Machine::Step Machine::append_all(const std::vector<ValueId>& items) {
  auto* list = top_as<List>();
  if (list == nullptr) return damaged("it appends to what is no list");
  FURROW_TRY_VOID(hold(items.size()));
  list->items.insert(list->items.end(), items.begin(), items.end());
  return {};
}

Machine::Step Machine::set_item() {
  FURROW_TRY(const auto value, pop());
  FURROW_TRY(const auto key, pop());
  return set_items({key, value});
}

Machine::Step Machine::set_items_to_mark() {
  FURROW_TRY(const auto items, pop_to_mark());
  return set_items(items);
}

Machine::Step Machine::set_items(const std::vector<ValueId>& keys_and_values) {
  auto* dict = top_as<Dict>();
  if (dict == nullptr) return damaged("it sets an item of what is no dictionary");
  if (keys_and_values.size() % 2 != 0) return damaged("it sets a key without a value");
  FURROW_TRY_VOID(hold(keys_and_values.size()));
  for (std::size_t i = 0; i < keys_and_values.size(); i += 2) {
    dict->items.emplace_back(keys_and_values[i], keys_and_values[i + 1]);
  }
  return {};
}

}  // namespace furrow::engine::weights::pickle
