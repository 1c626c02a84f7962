#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/weights/torch_file.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file.h"

// A whole file of torch.save. Every tensor has the bytes of its shape, and all can be read.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow::engine::weights;
  const furrow::fuzz::MemoryFile file(furrow::fuzz::FuzzInput(data, size).rest());

  const auto opened = TorchFile::open(file.path());

  if (!opened) {
    FURROW_CHECK(furrow::is_valid_utf8(opened.error().message), "a message can be shown");
    return 0;
  }
  for (const auto& [name, tensor] : opened->tensors()) {
    std::size_t bytes = size_of(tensor.dtype);
    for (const auto side : tensor.shape) bytes *= static_cast<std::size_t>(side);
    FURROW_CHECK(bytes == tensor.bytes.size(), "a tensor has the bytes of its shape");
    FURROW_CHECK(bytes <= size, "no tensor is larger than the file");
    std::size_t sum = 0;  // reads each byte: a sanitizer sees those outside of the file
    for (const char byte : tensor.bytes) sum += static_cast<unsigned char>(byte);
    FURROW_CHECK(sum <= bytes * 255, "bytes are bytes");
    FURROW_CHECK(opened->find(name) == &tensor, "a tensor is found by its name");
  }
  return 0;
}
