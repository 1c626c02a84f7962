#include "common/weights/torch_container.h"

#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/weights/little_endian.h"
#include "common/weights/zip_archive.h"

namespace furrow::engine::weights {

namespace {

using pickle::Pickle;
using pickle::StorageRef;
using StorageRefs = std::map<std::string, StorageRef, std::less<>>;

Unexpected invalid(std::string sentence) {
  return fail(ErrorKind::Invalid, std::move(sentence));
}

std::optional<std::uint64_t> byte_count(const StorageRef& storage) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(storage.elements, std::uint64_t{size_of(storage.dtype)}, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

// The storages that a pickle refers to; each once, though it may be referred to often.
Result<StorageRefs> find_storages(const Pickle& pickle) {
  StorageRefs storages;
  for (const auto& value : pickle.values()) {
    const auto* storage = std::get_if<StorageRef>(&value);
    if (storage == nullptr) continue;
    const auto [known, is_new] = storages.emplace(storage->key, *storage);
    if (!is_new &&
        (known->second.dtype != storage->dtype || known->second.elements != storage->elements)) {
      return invalid(fmt::format("its storage {:?} is described in two ways", storage->key));
    }
  }
  return storages;
}

Unexpected wrong_size(const StorageRef& storage, std::uint64_t found) {
  return invalid(fmt::format(
      "its storage {:?} should be {} numbers of type {} and has {} bytes: the file is truncated or "
      "damaged",
      storage.key, storage.elements, name_of(storage.dtype), found));
}

// FOLDER/data.pkl, FOLDER/data/KEY, and FOLDER/byteorder since PyTorch 2.
Result<TorchContainer> read_archive(std::string_view file) {
  constexpr std::string_view kPickle = "/data.pkl";
  FURROW_TRY(const auto members, read_zip(file));
  std::optional<std::string> folder;
  for (const auto& [name, bytes] : members) {
    const bool is_pickle = name.size() > kPickle.size() &&
                           std::string_view(name).substr(name.size() - kPickle.size()) == kPickle;
    if (is_pickle && folder) return invalid("it has two files data.pkl");
    if (is_pickle) folder = name.substr(0, name.size() - kPickle.size());
  }
  if (!folder)
    return invalid("it is a zip archive without a data.pkl: torch.save did not write it");
  const auto order = members.find(*folder + "/byteorder");
  if (order != members.end() && order->second != "little") {
    return invalid("its numbers are big-endian, which is not read here");
  }

  FURROW_TRY(auto pickle, Pickle::read(members.at(*folder + std::string(kPickle))));
  FURROW_TRY(const auto storages, find_storages(pickle));
  TorchContainer container = {std::move(pickle), {}};
  for (const auto& [key, storage] : storages) {
    const auto member = members.find(fmt::format("{}/data/{}", *folder, key));
    if (member == members.end()) return invalid(fmt::format("its storage {:?} is missing", key));
    if (byte_count(storage) != member->second.size()) {
      return wrong_size(storage, member->second.size());
    }
    container.storages.emplace(key, member->second);
  }
  return container;
}

Result<Pickle> take_pickle(std::string_view& rest) {
  FURROW_TRY(auto pickle, Pickle::read(rest));
  rest.remove_prefix(pickle.size());
  return pickle;
}

const pickle::Value* find_item(const Pickle& pickle, std::string_view key) {
  const auto* dict = std::get_if<pickle::Dict>(&pickle.at(pickle.root()));
  if (dict == nullptr) return nullptr;
  for (const auto& [name, value] : dict->items) {
    const auto* text = std::get_if<pickle::Text>(&pickle.at(name));
    if (text != nullptr && text->value == key) return &pickle.at(value);
  }
  return nullptr;
}

// Before each storage's bytes, how many numbers it is.
Result<std::string_view> take_storage(std::string_view& rest, const StorageRef& storage) {
  constexpr std::size_t kLengthBytes = 8;
  const auto bytes = byte_count(storage);
  if (!bytes || rest.size() < kLengthBytes || *bytes > rest.size() - kLengthBytes ||
      little_endian(rest.substr(0, kLengthBytes)) != storage.elements) {
    return wrong_size(storage, rest.size());
  }
  const auto taken = rest.substr(kLengthBytes, *bytes);
  rest.remove_prefix(kLengthBytes + *bytes);
  return taken;
}

// Pickles of a magic number, a version, what the machine was, the content, and the list of the
// storages' keys; then the storages in this order.
Result<TorchContainer> read_legacy(std::string_view file) {
  constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  constexpr std::int64_t kVersion = 1001;
  auto rest = file;
  FURROW_TRY(const auto magic, take_pickle(rest));
  const auto* number = std::get_if<pickle::LongInteger>(&magic.at(magic.root()));
  if (number == nullptr || number->bytes != kMagic) {
    return invalid("it is a pickle that torch.save did not write");
  }
  FURROW_TRY(const auto version, take_pickle(rest));
  const auto* version_number = std::get_if<std::int64_t>(&version.at(version.root()));
  if (version_number == nullptr || *version_number != kVersion) {
    return invalid("it is of a version of torch.save that is not read here");
  }
  FURROW_TRY(const auto machine, take_pickle(rest));
  const auto* is_little = find_item(machine, "little_endian");
  if (is_little == nullptr || !std::holds_alternative<bool>(*is_little) ||
      !std::get<bool>(*is_little)) {
    return invalid("its numbers are not little-endian, which alone is read here");
  }

  FURROW_TRY(auto content, take_pickle(rest));
  FURROW_TRY(const auto storages, find_storages(content));
  FURROW_TRY(const auto keys, take_pickle(rest));
  const auto* order = std::get_if<pickle::List>(&keys.at(keys.root()));
  if (order == nullptr) return invalid("it does not list its storages");
  TorchContainer container = {std::move(content), {}};
  for (const auto item : order->items) {
    const auto* key = std::get_if<pickle::Text>(&keys.at(item));
    const auto storage = key == nullptr ? storages.end() : storages.find(key->value);
    if (storage == storages.end()) return invalid("it lists a storage that nothing refers to");
    FURROW_TRY(const auto bytes, take_storage(rest, storage->second));
    container.storages.emplace(storage->first, bytes);
  }
  for (const auto& [key, storage] : storages) {
    if (container.storages.count(key) == 0) {
      return invalid(fmt::format("its storage {:?} is missing", key));
    }
  }
  return container;
}

}  // namespace

Result<TorchContainer> read_torch_container(std::string_view file) {
  constexpr char kProto = '\x80';
  if (is_zip(file)) return read_archive(file);
  if (!file.empty() && file.front() == kProto) return read_legacy(file);
  return invalid("it is no file of torch.save");
}

}  // namespace furrow::engine::weights
