#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace furrow::engine::weights {

/// A folder of its own for one test, gone with it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file and gives its path.
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// A safetensors file's bytes from its parts, sound or not.
std::string safetensors_bytes(std::string_view header, std::string_view data);

struct TestTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

/// A sound file with these tensors.
std::string safetensors_bytes(const std::vector<TestTensor>& tensors);

/// An F32 tensor that holds 0, 1, 2, …
TestTensor counting_tensor(std::string name, std::vector<std::int64_t> shape);

}  // namespace furrow::engine::weights
