#include <cstdint>
#include <variant>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/weights/pickle.h"
#include "common/weights/pickle_tensor.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace furrow::engine::weights::pickle;

void check_id(const Pickle& pickle, ValueId id) {
  FURROW_CHECK(static_cast<std::size_t>(id) < pickle.values().size(), "an id is a value's");
}

std::size_t check_items(const Pickle& pickle, const Value& value) {
  const auto* tuple = std::get_if<Tuple>(&value);
  const auto* list = std::get_if<List>(&value);
  if (tuple != nullptr || list != nullptr) {
    const auto& items = tuple != nullptr ? tuple->items : list->items;
    for (const auto id : items) check_id(pickle, id);
    return items.size();
  }
  const auto* dict = std::get_if<Dict>(&value);
  if (dict == nullptr) return 0;
  for (const auto& [key, item] : dict->items) {
    check_id(pickle, key);
    check_id(pickle, item);
  }
  return 2 * dict->items.size();
}

}  // namespace

// The bytes of a pickle. Every id leads to a value, texts and tensors lie inside, bounds hold.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = furrow::fuzz::FuzzInput(data, size).rest();

  const auto pickle = Pickle::read(bytes);

  if (!pickle) {
    FURROW_CHECK(furrow::is_valid_utf8(pickle.error().message), "a message can be shown");
    return 0;
  }
  FURROW_CHECK(pickle->size() <= size, "a pickle ends inside of its bytes");
  FURROW_CHECK(pickle->values().size() <= size, "an instruction makes one value");
  check_id(*pickle, pickle->root());
  std::size_t items = 0;
  for (const auto& value : pickle->values()) {
    items += check_items(*pickle, value);
    if (const auto* text = std::get_if<Text>(&value)) {
      FURROW_CHECK(text->value.empty() ||
                       (text->value.data() >= bytes.data() &&
                        text->value.data() + text->value.size() <= bytes.data() + bytes.size()),
                   "a text lies inside of the pickle");
    }
    if (const auto* tensor = std::get_if<TensorRef>(&value)) {
      FURROW_CHECK(check_tensor(*tensor).has_value(), "a tensor lies inside of its storage");
      FURROW_CHECK(element_count(*tensor) <= tensor->storage.elements, "and is not larger");
      is_row_major(*tensor);
    }
  }
  FURROW_CHECK(items <= kMaxItems, "containers hold no more than is allowed");
  return 0;
}
