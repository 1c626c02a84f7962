#include "worker/engine/weights/peft_config.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/base/files.h"
#include "common/base/json.h"
#include "worker/engine/weights/lora_factors.h"

namespace furrow::engine::weights {

namespace {

using nlohmann::json;

// Patterns are whole names or their last parts.
bool covers(std::string_view pattern, std::string_view module) {
  if (pattern == module) return true;
  return module.size() > pattern.size() && module.ends_with(pattern) &&
         module[module.size() - pattern.size() - 1] == '.';
}

bool is_of_peft_itself(const TensorFile& file) {
  return std::any_of(file.tensors.begin(), file.tensors.end(),
                     [](const auto& tensor) { return tensor.first.starts_with(kPeftPrefix); });
}

}  // namespace

PeftConfig PeftConfig::read(const TensorFile& file) {
  PeftConfig config;
  const auto found = file.metadata.find("lora_adapter_metadata");
  if (found != file.metadata.end()) {
    config.config_ = parse_json(found->second);
  } else if (is_of_peft_itself(file)) {
    const auto beside = MappedFile::open(file.path.parent_path() / "adapter_config.json");
    if (!beside) return config;
    config.config_ = parse_json(beside->bytes());
    config.is_of_one_network_ = true;
  }
  return config;
}

std::optional<double> PeftConfig::factor(std::string_view module, std::int64_t rank) const {
  const auto dot = is_of_one_network_ ? 0 : module.find('.');
  if (dot == std::string_view::npos || rank == 0) return std::nullopt;
  const auto network = module.substr(0, dot);
  const auto alpha = alpha_of(network, is_of_one_network_ ? module : module.substr(dot + 1));
  if (!alpha) return std::nullopt;
  const auto r = static_cast<double>(rank);
  const auto* stabilised = find(network, "use_rslora");
  return *alpha / (stabilised != nullptr && *stabilised == true ? std::sqrt(r) : r);
}

const json* PeftConfig::find(std::string_view network, std::string_view key) const {
  if (!config_.is_object()) return nullptr;
  const auto found =
      config_.find(is_of_one_network_ ? std::string(key) : fmt::format("{}.{}", network, key));
  return found == config_.end() ? nullptr : &*found;
}

std::optional<double> PeftConfig::alpha_of(std::string_view network,
                                           std::string_view module) const {
  const auto* patterns = find(network, "alpha_pattern");
  if (patterns != nullptr && patterns->is_object()) {
    for (const auto& [pattern, alpha] : patterns->items()) {
      if (alpha.is_number() && covers(pattern, module)) return alpha.get<double>();
    }
  }
  const auto* alpha = find(network, "lora_alpha");
  if (alpha == nullptr || !alpha->is_number()) return std::nullopt;
  return alpha->get<double>();
}

}  // namespace furrow::engine::weights
