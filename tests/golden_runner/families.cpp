#include "tests/golden_runner/families.h"

#include <algorithm>
#include <array>

namespace furrow::golden {

namespace {

struct Family {
  std::string_view name;
  CheckCase check;
};

// One row a family, one file a row: families/NAME.cpp.
constexpr std::array kFamilies = {
    Family{"attention", check_attention},
    Family{"clip_text", check_clip_text},
    Family{"controlnet", check_controlnet},
    Family{"encode_prompt", check_encode_prompt},
    Family{"flux_transformer", check_flux_transformer},
    Family{"image_processor", check_image_processor},
    Family{"ip_adapter", check_ip_adapter},
    Family{"lora", check_lora},
    Family{"pipelines", check_pipelines},
    Family{"rng", check_rng},
    Family{"schedulers", check_schedulers},
    Family{"sd3_transformer", check_sd3_transformer},
    Family{"single_file", check_single_file},
    Family{"t2i_adapter", check_t2i_adapter},
    Family{"t5", check_t5},
    Family{"text_to_image", check_text_to_image},
    Family{"textual_inversion", check_textual_inversion},
    Family{"tokenizer", check_tokenizer},
    Family{"unet", check_unet},
    Family{"upscaler", check_upscaler},
    Family{"vae", check_vae},
};

}  // namespace

CheckCase find_family(std::string_view family) {
  const auto* found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                   [&](const Family& row) { return row.name == family; });
  return found == kFamilies.end() ? nullptr : found->check;
}

}  // namespace furrow::golden
