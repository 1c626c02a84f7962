#include "common/weights/pickle_globals.h"

#include <algorithm>
#include <array>

namespace furrow::engine::weights {

namespace {

using Kind = PickleGlobal::Kind;

struct Row {
  std::string_view module;
  std::string_view name;
  PickleGlobal global;
};

constexpr std::array kAllowed = {
    Row{"collections", "OrderedDict", {Kind::OrderedDict}},
    Row{"torch", "Size", {Kind::Size}},
    Row{"torch._utils", "_rebuild_tensor", {Kind::Tensor}},
    Row{"torch._utils", "_rebuild_tensor_v2", {Kind::Tensor}},
    Row{"torch._utils", "_rebuild_parameter", {Kind::Parameter}},
    Row{"torch", "DoubleStorage", {Kind::Storage, Dtype::F64}},
    Row{"torch", "FloatStorage", {Kind::Storage, Dtype::F32}},
    Row{"torch", "HalfStorage", {Kind::Storage, Dtype::F16}},
    Row{"torch", "BFloat16Storage", {Kind::Storage, Dtype::BF16}},
    Row{"torch", "LongStorage", {Kind::Storage, Dtype::I64}},
    Row{"torch", "IntStorage", {Kind::Storage, Dtype::I32}},
    Row{"torch", "ShortStorage", {Kind::Storage, Dtype::I16}},
    Row{"torch", "CharStorage", {Kind::Storage, Dtype::I8}},
    Row{"torch", "ByteStorage", {Kind::Storage, Dtype::U8}},
    Row{"torch", "BoolStorage", {Kind::Storage, Dtype::Bool}},
};

}  // namespace

std::optional<PickleGlobal> find_pickle_global(std::string_view module, std::string_view name) {
  const auto* found = std::find_if(kAllowed.begin(), kAllowed.end(), [&](const Row& row) {
    return row.module == module && row.name == name;
  });
  return found == kAllowed.end() ? std::nullopt : std::optional(found->global);
}

}  // namespace furrow::engine::weights
