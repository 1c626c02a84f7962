#pragma once

#include <string_view>

#include "tests/golden_runner/case.h"
#include "tests/golden_runner/verdict.h"

namespace furrow::golden {

/// Runs the engine on a case and compares. May throw: that is a FAIL.
using CheckCase = Verdict (*)(const Case&);

/// The check of a family. Nothing: the engine does not have what the family is about.
CheckCase find_family(std::string_view family);

Verdict check_attention(const Case& c);
Verdict check_clip_text(const Case& c);
Verdict check_controlnet(const Case& c);
Verdict check_encode_prompt(const Case& c);
Verdict check_flux_transformer(const Case& c);
Verdict check_image_processor(const Case& c);
Verdict check_ip_adapter(const Case& c);
Verdict check_lora(const Case& c);
Verdict check_pipelines(const Case& c);
Verdict check_rng(const Case& c);
Verdict check_schedulers(const Case& c);
Verdict check_sd3_transformer(const Case& c);
Verdict check_single_file(const Case& c);
Verdict check_t2i_adapter(const Case& c);
Verdict check_t5(const Case& c);
Verdict check_text_to_image(const Case& c);
Verdict check_textual_inversion(const Case& c);
Verdict check_tokenizer(const Case& c);
Verdict check_unet(const Case& c);
Verdict check_upscaler(const Case& c);
Verdict check_vae(const Case& c);

}  // namespace furrow::golden
