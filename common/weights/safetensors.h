#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"

namespace furrow::engine::weights {

/// The element types of safetensors files that we read.
enum class Dtype { F64, F32, F16, BF16, F8E4M3, F8E5M2, I64, I32, I16, I8, U8, Bool };

std::size_t size_of(Dtype dtype);
/// As the file spells it: "F32", "BF16", "F8_E4M3".
std::string_view name_of(Dtype dtype);

/// One tensor of a file: row-major, little endian, `bytes.size()` = product of `shape` times the
/// element's size. `bytes` may start at any address. Valid while its SafetensorsFile or a copy of
/// it lives.
struct StoredTensor {
  Dtype dtype = Dtype::F32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
  bool is_mapped = false;  ///< the bytes are a file's own, which the system can read again
};

/// A safetensors file, mapped into memory and checked: eight bytes of header length, a JSON header,
/// then the tensors' bytes. Whatever the header says holds for the bytes: every tensor lies inside
/// the file, none overlap, and together they fill it. Immutable, cheap to copy, any thread.
class SafetensorsFile {
 public:
  using Tensors = std::map<std::string, StoredTensor, std::less<>>;

  /// Errors: NotFound or Io from the disk, Invalid with a sentence that names the file and the
  /// tensor.
  static Result<SafetensorsFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  const Tensors& tensors() const { return tensors_; }

  /// Nothing: the file has no tensor of that name.
  const StoredTensor* find(std::string_view name) const;

  /// The free text of the header's "__metadata__".
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  SafetensorsFile() = default;

  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> file_;  // what every StoredTensor points into
  Tensors tensors_;
  std::map<std::string, std::string> metadata_;
};

/// "[2, 77, 768]".
std::string to_string(const std::vector<std::int64_t>& shape);

}  // namespace furrow::engine::weights
