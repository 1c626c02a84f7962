#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/weights/zip_archive.h"
#include "tests/fuzz/fuzz_input.h"

// A zip archive. Every member lies inside of it.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow::engine::weights;
  const auto archive = furrow::fuzz::FuzzInput(data, size).rest();
  is_zip(archive);

  const auto members = read_zip(archive);

  if (!members) {
    FURROW_CHECK(furrow::is_valid_utf8(members.error().message), "a message can be shown");
    return 0;
  }
  constexpr std::size_t kDirectoryEntryBytes = 46;
  FURROW_CHECK(members->size() * kDirectoryEntryBytes <= size, "each member costs an entry");
  for (const auto& [name, bytes] : *members) {
    FURROW_CHECK(bytes.data() >= archive.data() && bytes.size() <= archive.size() &&
                     bytes.data() + bytes.size() <= archive.data() + archive.size(),
                 "a member lies inside of the archive");
  }
  return 0;
}
