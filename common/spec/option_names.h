#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace furrow::spec {

/// One of the few things that an option may be, by all its names. `name` is the canonical one, what
/// plans keep.
struct OptionName {
  std::string_view name;   ///< "crop"
  std::string_view label;  ///< "Crop and resize": as A1111 calls it
  int number;              ///< of the schema's enum; of truth values 0 or 1
  std::vector<std::string_view> aliases = {};
};

using OptionNames = std::vector<OptionName>;

const OptionNames& resize_modes();
const OptionNames& masked_contents();
const OptionNames& noise_sources();
/// How hires fix enlarges without a model: in the latent, or the decoded picture by a filter.
const OptionNames& hires_upscalers();
/// "true" and "false", as they are and as what they mean for one option.
const OptionNames& truth_values();
const OptionNames& mask_modes();     ///< whether the mask is inverted
const OptionNames& inpaint_areas();  ///< whether only the masked part is rendered

/// The option that `text` names; case, spaces, hyphens, underscores and brackets do not count. Null
/// when there is none.
const OptionName* find_option(const OptionNames& names, std::string_view text);

/// The option of this canonical name, or of this number; null when there is none.
const OptionName* option_named(const OptionNames& names, std::string_view name);
const OptionName* option_numbered(const OptionNames& names, int number);

/// Why find_option found nothing, as the end of a sentence: "is none of these. …".
std::string explain_unknown_option(const OptionNames& names, std::string_view text);

}  // namespace furrow::spec
