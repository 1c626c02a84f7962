#include "common/weights/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/weights/safetensors_json.h"
#include "common/weights/shown.h"

namespace furrow::engine::weights {

namespace {

using nlohmann::json;

Unexpected invalid(std::string sentence) {
  return fail(ErrorKind::Invalid, std::move(sentence));
}

constexpr std::array kDtypes = {Dtype::F64,    Dtype::F32,    Dtype::F16, Dtype::BF16,
                                Dtype::F8E4M3, Dtype::F8E5M2, Dtype::I64, Dtype::I32,
                                Dtype::I16,    Dtype::I8,     Dtype::U8,  Dtype::Bool};

std::optional<Dtype> dtype_of(const json& name) {
  if (!name.is_string()) return std::nullopt;
  const auto found = std::find_if(kDtypes.begin(), kDtypes.end(), [&](Dtype dtype) {
    return name_of(dtype) == name.get_ref<const std::string&>();
  });
  return found == kDtypes.end() ? std::nullopt : std::optional(*found);
}

bool is_count(const json& value) {
  return value.is_number_unsigned() &&
         value.get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

// The bytes that a tensor needs; nothing when that does not fit into 64 bits.
std::optional<std::uint64_t> byte_count(const DeclaredTensor& tensor) {
  std::uint64_t bytes = size_of(tensor.dtype);
  for (const auto dim : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dim), &bytes)) return std::nullopt;
  }
  return bytes;
}

// A member of a tensor's description; null when there is none.
const json& member(const json& entry, const char* key) {
  static const json kNone;
  const auto found = entry.find(key);
  return found == entry.end() ? kNone : *found;
}

// A value as the file spells it, fit for a message. Whoever sends a list of a million sizes knows
// what is in it.
std::string spelt(const json& value) {
  constexpr std::size_t kMost = 16;
  if (value.is_string()) return shown(value.get_ref<const std::string&>());
  if (value.is_structured() && value.size() > kMost) {
    return fmt::format("of {} items", value.size());
  }
  const auto text = value.dump(-1, ' ', /*ensure_ascii=*/true);
  return text.size() <= 160 ? text : shown(text);
}

Result<DeclaredTensor> read_tensor(const std::string& full_name, const json& entry,
                                   std::uint64_t data_size) {
  const auto name = shown(full_name);
  if (!entry.is_object()) return invalid(fmt::format("tensor {} is not described", name));

  DeclaredTensor tensor;
  const auto& type = member(entry, "dtype");
  const auto dtype = dtype_of(type);
  if (!dtype) {
    return invalid(
        fmt::format("tensor {} has the dtype {}, which is not known here", name, spelt(type)));
  }
  tensor.dtype = *dtype;

  const auto& shape = member(entry, "shape");
  if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_count)) {
    return invalid(fmt::format("tensor {} has the shape {}, which is not a list of sizes", name,
                               spelt(shape)));
  }
  tensor.shape = shape.get<std::vector<std::int64_t>>();

  const auto& offsets = member(entry, "data_offsets");
  if (!offsets.is_array() || offsets.size() != 2 ||
      !std::all_of(offsets.begin(), offsets.end(), is_count)) {
    return invalid(fmt::format("tensor {} has the data_offsets {}, not a begin and an end", name,
                               spelt(offsets)));
  }
  tensor.begin = offsets[0].get<std::uint64_t>();
  tensor.end = offsets[1].get<std::uint64_t>();
  if (tensor.begin > tensor.end || tensor.end > data_size) {
    return invalid(
        fmt::format("tensor {} lies at bytes {} to {}, but there are {} bytes of data: the file is "
                    "truncated or damaged",
                    name, tensor.begin, tensor.end, data_size));
  }
  if (byte_count(tensor) != tensor.end - tensor.begin) {
    return invalid(
        fmt::format("tensor {} is {} {} and has {} bytes, not the {} that it needs", name,
                    name_of(tensor.dtype), to_string(tensor.shape), tensor.end - tensor.begin,
                    byte_count(tensor) ? std::to_string(*byte_count(tensor)) : "more than 2^64"));
  }
  return tensor;
}

// The format wants the tensors to tile the data: no byte in two of them, none in no one.
Result<void> check_tiling(const SafetensorsHeader& header, std::uint64_t data_size) {
  using Named = std::pair<const std::string, DeclaredTensor>;
  std::vector<const Named*> in_order;
  in_order.reserve(header.tensors.size());
  for (const auto& named : header.tensors) in_order.push_back(&named);
  std::sort(in_order.begin(), in_order.end(), [](const Named* a, const Named* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });

  std::uint64_t expected = 0;
  const std::string* previous = nullptr;
  for (const Named* named : in_order) {
    const auto& [name, tensor] = *named;
    if (tensor.begin < expected) {
      return invalid(fmt::format("tensors {} and {} overlap", shown(*previous), shown(name)));
    }
    if (tensor.begin > expected) {
      return invalid(fmt::format("{} bytes before tensor {} belong to no tensor",
                                 tensor.begin - expected, shown(name)));
    }
    expected = tensor.end;
    previous = &name;
  }
  if (expected != data_size) {
    return invalid(fmt::format("{} bytes at its end belong to no tensor", data_size - expected));
  }
  return {};
}

}  // namespace

Result<SafetensorsHeader> read_header(std::string_view text, std::uint64_t data_size) {
  FURROW_TRY(const json document, parse_header(text));
  SafetensorsHeader header;
  for (const auto& [name, entry] : document.items()) {
    if (name == "__metadata__") {
      const bool is_map = entry.is_object() || entry.is_null();
      if (!is_map) return invalid("its __metadata__ is not a map of texts");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) return invalid("its __metadata__ is not a map of texts");
        header.metadata.emplace(key, value.get<std::string>());
      }
      continue;
    }
    FURROW_TRY(auto tensor, read_tensor(name, entry, data_size));
    header.tensors.emplace(name, std::move(tensor));
  }
  FURROW_TRY_VOID(check_tiling(header, data_size));
  return header;
}

}  // namespace furrow::engine::weights
