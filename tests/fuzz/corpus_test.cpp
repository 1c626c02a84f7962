// The main of every fuzz target where there is no libFuzzer: each file of a corpus once, as a
// GoogleTest of its own.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

namespace fs = std::filesystem;

class CorpusFile : public testing::Test {
 public:
  explicit CorpusFile(fs::path file) : file_(std::move(file)) {}

  void TestBody() override {
    const auto bytes = furrow::read_file(file_);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
    // A copy of its own, so that a sanitizer sees a read behind the last byte.
    const std::vector<std::uint8_t> exact(bytes->begin(), bytes->end());

    EXPECT_EQ(LLVMFuzzerTestOneInput(exact.data(), exact.size()), 0);
  }

 private:
  fs::path file_;
};

void register_tests(const fs::path& corpus) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(corpus)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    testing::RegisterTest("CorpusFile", file.filename().c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [=]() -> testing::Test* { return new CorpusFile(file); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2 || !fs::is_directory(argv[1]) || fs::is_empty(argv[1])) {
    std::fprintf(stderr, "usage: %s CORPUS\n\nCORPUS is a folder of at least one file.\n", argv[0]);
    return 2;
  }
  register_tests(argv[1]);
  return RUN_ALL_TESTS();
}
