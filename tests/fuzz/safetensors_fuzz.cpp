#include <cstdint>
#include <limits>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/weights/safetensors.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file.h"

// A whole file. Every tensor lies inside it, none overlap, and each is as long as its shape says.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow::engine::weights;
  const furrow::fuzz::MemoryFile file(furrow::fuzz::FuzzInput(data, size).rest());

  const auto opened = SafetensorsFile::open(file.path());

  if (!opened) {
    FURROW_CHECK(furrow::is_valid_utf8(opened.error().message), "a message can be shown");
    return 0;
  }
  std::size_t covered = 0;
  for (const auto& [name, tensor] : opened->tensors()) {
    std::size_t bytes = size_of(tensor.dtype);
    for (const auto side : tensor.shape) {
      FURROW_CHECK(side >= 0, "sizes are counts");
      const bool too_large = __builtin_mul_overflow(bytes, static_cast<std::size_t>(side), &bytes);
      FURROW_CHECK(!too_large || tensor.bytes.empty(), "a shape fits into memory");
    }
    FURROW_CHECK(bytes == tensor.bytes.size(), "a tensor has the bytes of its shape");
    std::size_t sum = 0;  // reads each byte: a sanitizer sees those outside of the file
    for (const char byte : tensor.bytes) sum += static_cast<unsigned char>(byte);
    FURROW_CHECK(sum <= tensor.bytes.size() * 255, "bytes are bytes");
    covered += tensor.bytes.size();
    FURROW_CHECK(opened->find(name) == &tensor, "a tensor is found by its name");
  }
  FURROW_CHECK(covered <= size, "tensors do not overlap");
  return 0;
}
