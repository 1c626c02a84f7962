#include "common/model/adapter_family.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace furrow::model {

namespace {

constexpr std::array kLoraMarks = std::to_array<std::string_view>(
    {"lora_down.", "lora_up.", "lora_A.", "lora_B.", ".lora.down.", ".lora.up.", "_lora.down.",
     "lora_linear_layer.", "hada_w1", "lokr_w1", "lokr_w2", "oft_blocks", "oft_diag"});

/// What a factor is called whose second dimension is what the module takes.
constexpr std::array kDownMarks =
    std::to_array<std::string_view>({"lora_down.weight", "lora_A.weight", "lora_A.default.weight",
                                     "lora.down.weight", "hada_w1_b", "hada_w2_b", ".diff"});

std::string family_of_context(std::int64_t width) {
  if (width == 768) return "sd1";
  if (width == 1024) return "sd2";
  if (width == 1280) return "sdxl_refiner";
  if (width == 2048) return "sdxl";
  return "";
}

/// What the modules with `part` in their names take, by the LoRA's down factors.
std::optional<std::int64_t> width_into(const TensorNames& names, std::string_view part) {
  for (const auto& [name, shape] : names.shapes()) {
    const bool is_down = std::ranges::any_of(
        kDownMarks, [&](std::string_view mark) { return name.ends_with(mark); });
    if (is_down && shape.size() >= 2 && name.find(part) != std::string::npos) return shape[1];
  }
  return std::nullopt;
}

}  // namespace

bool is_lora(const TensorNames& names) {
  return std::ranges::any_of(names.shapes(), [](const auto& tensor) {
    const std::string_view name = tensor.first;
    // A whole difference; elsewhere in a name it begins "diffusion".
    if (name.ends_with(".diff") || name.ends_with(".diff_b")) return true;
    return std::ranges::any_of(kLoraMarks, [&](std::string_view mark) {
      return name.find(mark) != std::string_view::npos;
    });
  });
}

std::string family_of_lora(const TensorNames& names) {
  if (names.has_with("double_blocks") || names.has_with("single_transformer_blocks")) return "flux";
  if (names.has_with("joint_blocks") || names.has_with("add_q_proj")) return "sd3";
  // Only XL has a second CLIP encoder beside a UNet.
  const bool changes_unet = names.has_with("down_blocks") || names.has_with("input_blocks");
  const bool has_second = names.has_prefix("lora_te2_") || names.has_prefix("text_encoder_2.");
  if (has_second && changes_unet) return "sdxl";
  for (const std::string_view keys : {"attn2_to_k", "attn2.to_k", "attn2.processor.to_k"}) {
    if (const auto width = width_into(names, keys)) return family_of_context(*width);
  }
  for (const std::string_view encoder : {"lora_te_", "text_encoder."}) {
    const auto width = names.has_prefix(encoder) ? width_into(names, encoder) : std::nullopt;
    // MLPs take more than the model's width; attention comes before or after them by name.
    if (width) {
      const auto attention = width_into(names, "self_attn");
      return family_of_context(attention.value_or(*width));
    }
  }
  return "";
}

std::string family_of_unet_part(const TensorNames& names) {
  const auto context = names.dim_of_suffix("attn2.to_k.weight", 1);
  if (names.has_with("label_emb.") || names.has_with("add_embedding.")) {
    constexpr std::int64_t kRefinerContext = 1280;
    return context == kRefinerContext ? "sdxl_refiner" : "sdxl";
  }
  for (const auto& [name, shape] : names.shapes()) {
    if (name.ends_with("proj_in.weight")) return shape.size() == 2 ? "sd2" : "sd1";
  }
  return "";
}

std::string family_of_embedding(const TensorNames& names) {
  std::set<std::int64_t> widths;
  for (const auto& [name, shape] : names.shapes()) {
    if (!shape.empty() && shape.size() <= 2) widths.insert(shape.back());
  }
  if (widths.contains(4096)) return widths.contains(1280) ? "sd3" : "flux";
  if (widths.contains(1280)) return "sdxl";
  return widths.size() == 1 ? family_of_context(*widths.begin()) : "";
}

}  // namespace furrow::model
