#include "common/model/traits.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace furrow::model {

namespace {

constexpr std::array kRenderedFamilies =
    std::to_array<std::string_view>({"sd1", "sd2", "sdxl", "sdxl_refiner"});

bool has_part(const Traits& traits, std::string_view part) {
  return std::ranges::find(traits.parts, part) != traits.parts.end();
}

bool is_of_rendered_family(const Traits& traits) {
  return std::ranges::find(kRenderedFamilies, traits.family) != kRenderedFamilies.end();
}

/// Weights that are not in a checkpoint can come from nowhere else yet.
bool is_rendered(const Traits& traits) {
  const bool is_xl = traits.family == "sdxl" || traits.family == "sdxl_refiner";
  return is_of_rendered_family(traits) && traits.variant == Variant::Plain &&
         has_part(traits, "unet") && has_part(traits, "vae") &&
         (traits.family == "sdxl_refiner" || has_part(traits, "text_encoder")) &&
         (!is_xl || has_part(traits, "text_encoder_2"));
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

bool engine_uses(const Traits& traits) {
  switch (traits.kind) {
    case Kind::Vae:
    case Kind::Upscaler:
      return true;
    case Kind::Lora:
      return traits.family.empty() || is_of_rendered_family(traits);
    case Kind::Checkpoint:
      return is_rendered(traits);
    case Kind::Network:
    case Kind::TextEncoder:
    case Kind::Embedding:
    case Kind::ControlNet:
    case Kind::T2iAdapter:
    case Kind::IpAdapter:
      return false;
  }
  return false;
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
