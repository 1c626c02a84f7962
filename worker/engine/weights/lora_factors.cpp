#include "worker/engine/weights/lora_factors.h"

#include <array>

namespace furrow::engine::weights {

namespace {

struct Ending {
  std::string_view text;
  Factor factor;
};

// What stands behind a module's name. Of two that fit the first is taken.
constexpr std::array kEndings = {
    Ending{".lora_down.weight", Factor::Down},
    Ending{".lora_up.weight", Factor::Up},
    Ending{".lora_mid.weight", Factor::Mid},
    Ending{".lora_A.weight", Factor::Down},  // PEFT
    Ending{".lora_B.weight", Factor::Up},
    Ending{".lora_A.default.weight", Factor::Down},
    Ending{".lora_B.default.weight", Factor::Up},
    Ending{"_lora.down.weight", Factor::Down},  // diffusers before 0.22: to_q_lora
    Ending{"_lora.up.weight", Factor::Up},
    Ending{".lora_linear_layer.down.weight", Factor::Down},
    Ending{".lora_linear_layer.up.weight", Factor::Up},
    Ending{".lora.down.weight", Factor::Down},
    Ending{".lora.up.weight", Factor::Up},
    Ending{".alpha", Factor::Alpha},
    Ending{".scale", Factor::Scale},
    Ending{".dora_scale", Factor::Magnitude},
    Ending{".lora_magnitude_vector", Factor::RowNorms},
    Ending{".lora_magnitude_vector.weight", Factor::RowNorms},
    Ending{".lora_magnitude_vector.default.weight", Factor::RowNorms},
    Ending{".hada_w1_a", Factor::Hada1A},
    Ending{".hada_w1_b", Factor::Hada1B},
    Ending{".hada_w2_a", Factor::Hada2A},
    Ending{".hada_w2_b", Factor::Hada2B},
    Ending{".hada_t1", Factor::HadaT1},
    Ending{".hada_t2", Factor::HadaT2},
    Ending{".lokr_w1", Factor::Lokr1},
    Ending{".lokr_w1_a", Factor::Lokr1A},
    Ending{".lokr_w1_b", Factor::Lokr1B},
    Ending{".lokr_w2", Factor::Lokr2},
    Ending{".lokr_w2_a", Factor::Lokr2A},
    Ending{".lokr_w2_b", Factor::Lokr2B},
    Ending{".lokr_t2", Factor::LokrT2},
    Ending{".diff", Factor::Difference},
    Ending{".diff_b", Factor::BiasDifference},
    Ending{".w_norm", Factor::Difference},
    Ending{".b_norm", Factor::BiasDifference},
};

// diffusers once kept the LoRAs of an attention apart from its layers.
std::string module_of_processor(std::string module) {
  constexpr std::string_view kProcessor = ".processor.";
  const auto at = module.find(kProcessor);
  if (at == std::string::npos) return module;
  module.erase(at + 1, kProcessor.size() - 1);
  constexpr std::string_view kOut = ".to_out";
  return module.ends_with(kOut) ? module + ".0" : module;
}

// PEFT's own files name modules from the model that it wraps around the network.
std::string_view without_peft(std::string_view module) {
  return module.starts_with(kPeftPrefix) ? module.substr(kPeftPrefix.size()) : module;
}

}  // namespace

std::optional<FactorName> split_factor_name(std::string_view name) {
  for (const auto& [text, factor] : kEndings) {
    if (name.size() <= text.size() || !name.ends_with(text)) continue;
    const auto module = name.substr(0, name.size() - text.size());
    return FactorName{module_of_processor(std::string(without_peft(module))), factor};
  }
  return std::nullopt;
}

}  // namespace furrow::engine::weights
