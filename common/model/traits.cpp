#include "common/model/traits.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace furrow::model {

namespace {

constexpr std::array kRenderedFamilies = std::to_array<std::string_view>({"sd1", "sd2", "sdxl"});

bool has_part(const Traits& traits, std::string_view part) {
  return std::ranges::find(traits.parts, part) != traits.parts.end();
}

std::string_view called(Kind kind) {
  switch (kind) {
    case Kind::Checkpoint:
      return "checkpoint";
    case Kind::Network:
      return "denoising network alone";
    case Kind::Vae:
      return "VAE alone";
    case Kind::TextEncoder:
      return "text encoder alone";
    case Kind::Lora:
      return "LoRA";
    case Kind::Embedding:
      return "embedding";
    case Kind::ControlNet:
      return "ControlNet";
    case Kind::T2iAdapter:
      return "T2I-Adapter";
    case Kind::IpAdapter:
      return "IP-Adapter";
    case Kind::Upscaler:
      return "upscaler";
  }
  return "";
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Checkpoint:
      return "checkpoint";
    case Kind::Network:
      return "network";
    case Kind::Vae:
      return "vae";
    case Kind::TextEncoder:
      return "text_encoder";
    case Kind::Lora:
      return "lora";
    case Kind::Embedding:
      return "embedding";
    case Kind::ControlNet:
      return "controlnet";
    case Kind::T2iAdapter:
      return "t2i_adapter";
    case Kind::IpAdapter:
      return "ip_adapter";
    case Kind::Upscaler:
      return "upscaler";
  }
  return "";
}

std::string_view name_of(Variant variant) {
  switch (variant) {
    case Variant::Plain:
      return "";
    case Variant::Inpaint:
      return "inpaint";
    case Variant::Instruct:
      return "ip2p";
    case Variant::Other:
      return "other";
  }
  return "";
}

std::string_view name_of(Prediction prediction) {
  switch (prediction) {
    case Prediction::Unknown:
      return "";
    case Prediction::Epsilon:
      return "epsilon";
    case Prediction::V:
      return "v_prediction";
    case Prediction::Flow:
      return "flow";
  }
  return "";
}

std::uint32_t default_size_of(std::string_view family, Prediction prediction) {
  if (family == "sd1") return 512;
  if (family == "sd2") return prediction == Prediction::V ? 768 : 512;
  return 1024;
}

bool engine_renders(const Traits& traits, Layout layout) {
  const bool is_of_rendered_family =
      std::ranges::find(kRenderedFamilies, traits.family) != kRenderedFamilies.end();
  if (traits.kind == Kind::Vae) return layout == Layout::Folder;
  if (traits.kind == Kind::Upscaler) return true;
  if (traits.kind == Kind::Lora) return traits.family.empty() || is_of_rendered_family;
  // Weights that are not in a file can come from nowhere else yet.
  return traits.kind == Kind::Checkpoint && traits.variant == Variant::Plain &&
         is_of_rendered_family && has_part(traits, "unet") && has_part(traits, "vae") &&
         has_part(traits, "text_encoder") &&
         (traits.family != "sdxl" || has_part(traits, "text_encoder_2"));
}

std::string phrase_of(const Traits& traits) {
  const std::string_view name = called(traits.kind);
  // "s" as a letter is spoken with a vowel first.
  const std::string head =
      traits.family.empty() ? std::string(name) : fmt::format("{} {}", traits.family, name);
  const bool takes_an = head.starts_with("sd") || head.starts_with("embedding") ||
                        head.starts_with("upscaler") || head.starts_with("IP-");
  const std::string_view variant = name_of(traits.variant);
  return fmt::format("{} {}{}", takes_an ? "an" : "a", head,
                     variant.empty() ? "" : fmt::format(" ({})", variant));
}

}  // namespace furrow::model
