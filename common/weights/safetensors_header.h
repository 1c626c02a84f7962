#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/weights/safetensors.h"

namespace furrow::engine::weights {

/// A tensor as the header declares it; `begin` and `end` count from the first byte after the
/// header.
struct DeclaredTensor {
  Dtype dtype = Dtype::F32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, DeclaredTensor, std::less<>> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the JSON text between the header length and the tensors' bytes, of which there are
/// `data_size`. The error is a sentence without the file's name.
Result<SafetensorsHeader> read_header(std::string_view json, std::uint64_t data_size);

}  // namespace furrow::engine::weights
