// What Python would look up or call. We look only into the table of allowed names, and call
// nothing: each name has a function here that builds the value that its call would give.

#include <fmt/format.h>

#include "worker/engine/weights/pickle_machine.h"
#include "worker/engine/weights/pickle_tensor.h"
#include "worker/engine/weights/shown.h"

namespace furrow::engine::weights::pickle {

Machine::Step Machine::push_named_global() {
  FURROW_TRY(const auto module, take_line());
  FURROW_TRY(const auto name, take_line());
  return push_global(module, name);
}

Machine::Step Machine::push_stacked_global() {
  FURROW_TRY(const auto name, pop());
  FURROW_TRY(const auto module, pop());
  if (as<Text>(name) == nullptr || as<Text>(module) == nullptr) {
    return damaged("it looks up what is no name");
  }
  return push_global(as<Text>(module)->value, as<Text>(name)->value);
}

Machine::Step Machine::push_global(std::string_view module, std::string_view name) {
  constexpr std::size_t kMaxShown = 80;
  if (const auto global = find_pickle_global(module, name)) return push(*global);
  return invalid(
      fmt::format("its pickle asks for {}, which is refused: tensors do not need it, and "
                  "it may run a program",
                  shown(fmt::format("{}.{}", module.substr(0, kMaxShown), name))));
}

// ('storage', type, key, location, elements) and, in old files, a view of another storage.
Machine::Step Machine::push_storage() {
  FURROW_TRY(const auto id, pop());
  const auto* tuple = as<Tuple>(id);
  if (tuple == nullptr || tuple->items.size() < 5 || tuple->items.size() > 6) {
    return damaged("it refers to what is no storage");
  }
  const auto& items = tuple->items;
  const auto* word = as<Text>(items[0]);
  const auto* type = as<PickleGlobal>(items[1]);
  const auto* key = as<Text>(items[2]);
  const auto elements = count(items[4]);
  if (word == nullptr || word->value != "storage" || key == nullptr || !elements ||
      type == nullptr || type->kind != PickleGlobal::Kind::Storage) {
    return damaged("it refers to what is no storage");
  }
  if (items.size() == 6 && as<None>(items[5]) == nullptr) {
    return invalid(
        "its pickle has a storage that is a view of another one, as PyTorch wrote them "
        "before 0.4; save it with a newer one");
  }
  return push(StorageRef{key->value, type->dtype, *elements});
}

Machine::Step Machine::reduce() {
  FURROW_TRY(const auto arguments_id, pop());
  FURROW_TRY(const auto callee_id, pop());
  const auto* arguments = as<Tuple>(arguments_id);
  const auto* callee = as<PickleGlobal>(callee_id);
  if (arguments == nullptr || callee == nullptr) return damaged("it calls what cannot be called");
  // More than anything that is allowed takes.
  constexpr std::size_t kMaxArguments = 8;
  if (arguments->items.size() > kMaxArguments) return damaged("a call has too many arguments");
  // A copy: values move when one is added.
  const auto items = arguments->items;
  switch (callee->kind) {
    case PickleGlobal::Kind::OrderedDict:
      return push_ordered_dict(items);
    case PickleGlobal::Kind::Tensor:
      return push_tensor(items);
    case PickleGlobal::Kind::Parameter:  // the tensor, whether it is trained, hooks
    case PickleGlobal::Kind::Size:       // a tuple
      return push_first(items);
    case PickleGlobal::Kind::Storage:
      return invalid(
          "its pickle makes a storage of its own, which is refused: tensors need those "
          "that lie beside the pickle");
  }
  return {};
}

// Of nothing, or of one list of pairs.
Machine::Step Machine::push_ordered_dict(const std::vector<ValueId>& arguments) {
  Dict dict;
  if (arguments.size() > 1) return damaged("an ordered dictionary has too many arguments");
  if (arguments.size() == 1) {
    const auto* pairs = as<List>(arguments[0]);
    if (pairs == nullptr) return damaged("an ordered dictionary is made of what is no list");
    FURROW_TRY_VOID(hold(2 * pairs->items.size()));
    for (const auto pair : pairs->items) {
      const auto* as_tuple = as<Tuple>(pair);
      const auto* as_list = as<List>(pair);
      if (as_tuple == nullptr && as_list == nullptr) return damaged("a pair is no pair");
      const auto& both = as_tuple != nullptr ? as_tuple->items : as_list->items;
      if (both.size() != 2) return damaged("a pair is no pair");
      dict.items.emplace_back(both[0], both[1]);
    }
  }
  return push(std::move(dict));
}

// (storage, offset, sizes, strides); _v2 adds whether it is trained, hooks and more.
Machine::Step Machine::push_tensor(const std::vector<ValueId>& arguments) {
  if (arguments.size() < 4) return damaged("a tensor has too few arguments");
  const auto* storage = as<StorageRef>(arguments[0]);
  const auto offset = count(arguments[1]);
  const auto shape = sizes(arguments[2]);
  const auto strides = sizes(arguments[3]);
  if (storage == nullptr || !offset || !shape || !strides) {
    return damaged("a tensor is not described as one");
  }
  if (shape->size() > kMaxDimensions) {
    return invalid(fmt::format("a tensor has more than {} dimensions", kMaxDimensions));
  }
  FURROW_TRY_VOID(hold(shape->size() + strides->size()));
  TensorRef tensor = {*storage, *offset, *shape, *strides};
  FURROW_TRY_VOID(check_tensor(tensor));
  return push(std::move(tensor));
}

Machine::Step Machine::push_first(const std::vector<ValueId>& arguments) {
  if (arguments.empty()) return damaged("a call has no arguments");
  return push_id(arguments[0]);
}

// Python would set the attributes of an object. Of all that can be here only a dictionary has any
// (state dicts keep the versions of their modules there), and nobody needs them.
Machine::Step Machine::build() {
  FURROW_TRY_VOID(pop());
  if (top_as<Dict>() != nullptr) return {};
  return invalid("its pickle sets attributes of what is no dictionary, which is refused");
}

std::optional<std::uint64_t> Machine::count(ValueId id) const {
  const auto* number = as<std::int64_t>(id);
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<std::vector<std::int64_t>> Machine::sizes(ValueId id) const {
  const auto* tuple = as<Tuple>(id);
  const auto* list = as<List>(id);  // of torch.Size
  if (tuple == nullptr && list == nullptr) return std::nullopt;
  const auto& items = tuple != nullptr ? tuple->items : list->items;
  std::vector<std::int64_t> numbers;
  for (const auto item : items) {
    if (numbers.size() > kMaxDimensions) break;  // one too many is enough to know
    const auto* number = as<std::int64_t>(item);
    if (number == nullptr) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace furrow::engine::weights::pickle
