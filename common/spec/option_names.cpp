#include "common/spec/option_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/spec/nearest.h"
#include "common/spec/text.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

namespace {

/// What two spellings have in common: "Latent (nearest-exact)" is "latentnearestexact".
std::string key_of(std::string_view text) {
  std::string key;
  for (const char c : to_lower(trim(text))) {
    if (std::string_view(" _-()").find(c) == std::string_view::npos) key += c;
  }
  return key;
}

}  // namespace

const OptionNames& resize_modes() {
  static const OptionNames names = {
      {"stretch", "Just resize", v1::RESIZE_MODE_STRETCH, {"Resize"}},
      {"crop", "Crop and resize", v1::RESIZE_MODE_CROP, {"Crop & resize", "Cover"}},
      {"fill", "Resize and fill", v1::RESIZE_MODE_FILL, {"Resize & fill", "Contain"}},
      {"latent",
       "Just resize (latent upscale)",
       v1::RESIZE_MODE_LATENT,
       {"Latent upscale", "Just resize latent"}},
  };
  return names;
}

const OptionNames& masked_contents() {
  static const OptionNames names = {
      {"fill", "fill", v1::MASKED_CONTENT_FILL},
      {"original", "original", v1::MASKED_CONTENT_ORIGINAL},
      {"noise", "latent noise", v1::MASKED_CONTENT_NOISE},
      {"nothing", "latent nothing", v1::MASKED_CONTENT_NOTHING},
  };
  return names;
}

const OptionNames& noise_sources() {
  // A device's own generator is another one on every device. What A1111's "GPU" gives on NVIDIA is
  // what philox gives everywhere.
  static const OptionNames names = {
      {"cpu", "CPU", v1::NOISE_SOURCE_CPU},
      {"philox", "NV", v1::NOISE_SOURCE_PHILOX, {"GPU", "CUDA"}},
  };
  return names;
}

const OptionNames& hires_upscalers() {
  static const OptionNames names = {
      {"latent", "Latent", 0},
      {"latent (antialiased)", "Latent (antialiased)", 0},
      {"latent (bicubic)", "Latent (bicubic)", 0},
      {"latent (bicubic antialiased)", "Latent (bicubic antialiased)", 0},
      {"latent (nearest)", "Latent (nearest)", 0},
      {"latent (nearest-exact)", "Latent (nearest-exact)", 0},
      {"lanczos", "Lanczos", 0},
      {"nearest", "Nearest", 0},
  };
  return names;
}

const OptionNames& truth_values() {
  static const OptionNames names = {
      {"true", "True", 1, {"yes", "on", "1", "y"}},
      {"false", "False", 0, {"no", "off", "0", "n"}},
  };
  return names;
}

const OptionNames& mask_modes() {
  static const OptionNames names = {
      {"true", "Inpaint not masked", 1, {"yes", "on", "1", "y"}},
      {"false", "Inpaint masked", 0, {"no", "off", "0", "n"}},
  };
  return names;
}

const OptionNames& inpaint_areas() {
  static const OptionNames names = {
      {"true", "Only masked", 1, {"yes", "on", "1", "y"}},
      {"false", "Whole picture", 0, {"no", "off", "0", "n"}},
  };
  return names;
}

const OptionName* find_option(const OptionNames& names, std::string_view text) {
  const std::string key = key_of(text);
  const auto found = std::ranges::find_if(names, [&](const OptionName& option) {
    const auto matches = [&](std::string_view spelling) { return key_of(spelling) == key; };
    return matches(option.name) || matches(option.label) ||
           std::ranges::any_of(option.aliases, matches);
  });
  return found == names.end() ? nullptr : &*found;
}

const OptionName* option_named(const OptionNames& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &OptionName::name);
  return found == names.end() ? nullptr : &*found;
}

const OptionName* option_numbered(const OptionNames& names, int number) {
  const auto found = std::ranges::find(names, number, &OptionName::number);
  return found == names.end() ? nullptr : &*found;
}

std::string explain_unknown_option(const OptionNames& names, std::string_view text) {
  std::vector<std::string> labels;
  for (const OptionName& option : names) labels.emplace_back(option.label);
  const auto meant = nearest(trim(text), labels);
  return fmt::format("is not known here. {}There are {}.",
                     meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "",
                     fmt::join(labels, ", "));
}

}  // namespace furrow::spec
