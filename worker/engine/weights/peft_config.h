#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "worker/engine/weights/tensor_file.h"

namespace furrow::engine::weights {

/// What PEFT says beside the tensors of a LoRA: alpha per network, with patterns for some modules.
/// diffusers puts it into the metadata of the file, PEFT itself into adapter_config.json beside it.
class PeftConfig {
 public:
  /// Empty when there is none that can be read.
  static PeftConfig read(const TensorFile& file);

  /// alpha / rank of a module, or alpha / sqrt(rank) of rank-stabilised LoRA (Kalajdzievski 2023,
  /// arXiv:2312.03732). Nothing: not said.
  std::optional<double> factor(std::string_view module, std::int64_t rank) const;

 private:
  const nlohmann::json* find(std::string_view network, std::string_view key) const;
  std::optional<double> alpha_of(std::string_view network, std::string_view module) const;

  nlohmann::json config_;
  bool is_of_one_network_ = false;  // keys and modules have no network before them
};

}  // namespace furrow::engine::weights
