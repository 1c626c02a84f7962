#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace furrow::engine::weights {

/// Writes pickles instruction by instruction, sound or not.
class PickleWriter {
 public:
  PickleWriter() { op('\x80').op('\x02'); }

  PickleWriter& op(char opcode);
  PickleWriter& raw(std::string_view bytes);
  PickleWriter& text(std::string_view value);  ///< BINUNICODE
  PickleWriter& integer(std::int32_t value);   ///< BININT
  PickleWriter& global(std::string_view module, std::string_view name);

  /// ('storage', torch.TYPE, KEY, 'cpu', ELEMENTS), BINPERSID.
  PickleWriter& storage(std::string_view type, std::string_view key, std::int32_t elements);

  /// A call of torch._utils._rebuild_tensor_v2.
  PickleWriter& tensor(std::string_view storage_type, std::string_view key, std::int32_t elements,
                       std::int32_t offset, const std::vector<std::int32_t>& shape,
                       const std::vector<std::int32_t>& strides);

  /// With STOP.
  std::string bytes() const { return bytes_ + "."; }

 private:
  PickleWriter& tuple(const std::vector<std::int32_t>& numbers);

  std::string bytes_;
};

using Members = std::vector<std::pair<std::string, std::string>>;

/// A zip archive whose members are stored as they are.
std::string zip_bytes(const Members& members);

/// What torch.save writes since 1.6: a pickle, and storages under their keys.
std::string torch_zip_bytes(std::string_view pickle, const Members& storages);

/// What it wrote before. Storages: key, and bytes of four a number.
std::string legacy_torch_bytes(std::string_view pickle, const Members& storages);

/// 0, 1, 2, … as F32.
std::string counting_floats(std::size_t count);

/// The number in so many bytes, the least significant first.
std::string little_endian_bytes(std::uint64_t value, std::size_t width);

}  // namespace furrow::engine::weights
