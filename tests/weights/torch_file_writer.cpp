#include "tests/weights/torch_file_writer.h"

#include <cstring>
#include <numeric>

namespace furrow::engine::weights {

std::string little_endian_bytes(std::uint64_t value, std::size_t width) {
  std::string bytes(width, '\0');
  for (auto& byte : bytes) {
    byte = static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  return bytes;
}

std::string counting_floats(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  std::string bytes(count * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

PickleWriter& PickleWriter::op(char opcode) {
  bytes_ += opcode;
  return *this;
}

PickleWriter& PickleWriter::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

PickleWriter& PickleWriter::text(std::string_view value) {
  return op('X').raw(little_endian_bytes(value.size(), 4)).raw(value);
}

PickleWriter& PickleWriter::integer(std::int32_t value) {
  return op('J').raw(little_endian_bytes(static_cast<std::uint32_t>(value), 4));
}

PickleWriter& PickleWriter::global(std::string_view module, std::string_view name) {
  return op('c').raw(module).raw("\n").raw(name).raw("\n");
}

PickleWriter& PickleWriter::storage(std::string_view type, std::string_view key,
                                    std::int32_t elements) {
  op('(').text("storage").global("torch", type).text(key).text("cpu").integer(elements);
  return op('t').op('Q');
}

PickleWriter& PickleWriter::tuple(const std::vector<std::int32_t>& numbers) {
  op('(');
  for (const auto number : numbers) integer(number);
  return op('t');
}

PickleWriter& PickleWriter::tensor(std::string_view storage_type, std::string_view key,
                                   std::int32_t elements, std::int32_t offset,
                                   const std::vector<std::int32_t>& shape,
                                   const std::vector<std::int32_t>& strides) {
  global("torch._utils", "_rebuild_tensor_v2").op('(');
  storage(storage_type, key, elements).integer(offset).tuple(shape).tuple(strides);
  op('\x89').global("collections", "OrderedDict").op(')').op('R');
  return op('t').op('R');
}

std::string zip_bytes(const Members& members) {
  std::string archive;
  std::string directory;
  for (const auto& [name, bytes] : members) {
    const auto sizes = little_endian_bytes(bytes.size(), 4) + little_endian_bytes(bytes.size(), 4) +
                       little_endian_bytes(name.size(), 2);
    const auto version_to_checksum =
        std::string(2, '\0') + std::string(8, '\0') + std::string(4, '\0');
    directory += std::string("PK\x01\x02", 4) + std::string(2, '\0') + version_to_checksum + sizes +
                 std::string(12, '\0') + little_endian_bytes(archive.size(), 4) + name;
    archive += std::string("PK\x03\x04", 4) + version_to_checksum + sizes + std::string(2, '\0') +
               name + bytes;
  }
  const auto count = little_endian_bytes(members.size(), 2);
  return archive + directory + std::string("PK\x05\x06", 4) + std::string(4, '\0') + count + count +
         little_endian_bytes(directory.size(), 4) + little_endian_bytes(archive.size(), 4) +
         std::string(2, '\0');
}

std::string torch_zip_bytes(std::string_view pickle, const Members& storages) {
  Members members = {{"archive/data.pkl", std::string(pickle)}};
  for (const auto& [key, bytes] : storages) members.emplace_back("archive/data/" + key, bytes);
  members.emplace_back("archive/version", "3\n");
  return zip_bytes(members);
}

std::string legacy_torch_bytes(std::string_view pickle, const Members& storages) {
  const std::string magic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  PickleWriter keys;
  keys.op(']').op('(');
  std::string data;
  for (const auto& [key, bytes] : storages) {
    keys.text(key);
    data += little_endian_bytes(bytes.size() / 4, 8) + bytes;
  }
  keys.op('e');
  return PickleWriter().raw(magic).bytes() + PickleWriter().integer(1001).bytes() +
         PickleWriter().op('}').text("little_endian").op('\x88').op('s').bytes() +
         std::string(pickle) + keys.bytes() + data;
}

}  // namespace furrow::engine::weights
