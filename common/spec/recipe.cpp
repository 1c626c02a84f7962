#include "common/spec/recipe.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace furrow::spec {

namespace {

constexpr std::string_view kHeader = "furrow-recipe/1\n";

/// Writes `field=value` lines, one for each value that is not its default.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(std::size_t expected_bytes) {
    text_.reserve(expected_bytes);
    text_ = kHeader;
  }

  void text(std::string_view field, std::string_view value) {
    if (value.empty()) return;
    begin(field);
    append_json_string(value);
    text_ += '\n';
  }

  template <typename Number>
  void number(std::string_view field, Number value) {
    if (value != Number{}) given(field, value);
  }

  /// A number that is written even when it is 0.
  template <typename Number>
  void given(std::string_view field, Number value) {
    begin(field);
    char buffer[32];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, value + Number{});  // no -0
    text_.append(buffer, written.ptr);
    text_ += '\n';
  }

  void truth(std::string_view field, bool value) {
    if (value) given(field, 1);
  }

  void hash(std::string_view field, std::string_view raw) {
    if (raw.empty()) return;
    begin(field);
    for (const char c : raw) append_hex(c);
    text_ += '\n';
  }

  std::string finish() && { return std::move(text_); }

 private:
  void begin(std::string_view field) { text_.append(field) += '='; }

  void append_hex(char c) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    text_ += kDigits[byte >> 4];
    text_ += kDigits[byte & 15];
  }

  /// A JSON string with only what JSON demands escaped, so that there is one way to write a text.
  void append_json_string(std::string_view value) {
    text_ += '"';
    while (!value.empty()) {
      const auto plain = std::ranges::find_if(value, must_be_escaped) - value.begin();
      text_.append(value.substr(0, static_cast<std::size_t>(plain)));
      value.remove_prefix(static_cast<std::size_t>(plain));
      if (value.empty()) break;
      append_escaped(value.front());
      value.remove_prefix(1);
    }
    text_ += '"';
  }

  static bool must_be_escaped(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  }

  void append_escaped(char c) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else {
      text_ += "\\u00";
      append_hex(c);
    }
  }

  std::string text_;
};

/// An enum's number; the one that the unspecified one means is left out as well.
template <typename Enum>
void write_choice(std::string_view field, Enum value, Enum otherwise, CanonicalWriter& out) {
  if (value != otherwise) out.number(field, static_cast<int>(value));
}

void write_inpaint(const v1::Inpaint& inpaint, CanonicalWriter& out) {
  out.hash("image_to_image.inpaint.mask", inpaint.mask().hash());
  out.number("image_to_image.inpaint.blur", inpaint.blur());
  out.truth("image_to_image.inpaint.inverted", inpaint.inverted());
  write_choice("image_to_image.inpaint.content", inpaint.content(), v1::MASKED_CONTENT_ORIGINAL,
               out);
  out.truth("image_to_image.inpaint.only_masked", inpaint.only_masked());
  out.number("image_to_image.inpaint.padding", inpaint.padding());
}

void write_image_to_image(const v1::ImageToImage& run, CanonicalWriter& out) {
  out.hash("image_to_image.picture", run.picture().hash());
  out.number("image_to_image.denoising_strength", run.denoising_strength());
  write_choice("image_to_image.resize_mode", run.resize_mode(), v1::RESIZE_MODE_STRETCH, out);
  if (run.has_inpaint()) write_inpaint(run.inpaint(), out);
  out.number("image_to_image.image_guidance_scale", run.image_guidance_scale());
}

void write_sampler_options(const v1::SamplerOptions& options, CanonicalWriter& out) {
  if (options.has_eta()) out.given("sampler_options.eta", options.eta());
  if (options.has_s_churn()) out.given("sampler_options.s_churn", options.s_churn());
  if (options.has_s_tmin()) out.given("sampler_options.s_tmin", options.s_tmin());
  if (options.has_s_tmax()) out.given("sampler_options.s_tmax", options.s_tmax());
  if (options.has_s_noise()) out.given("sampler_options.s_noise", options.s_noise());
  out.number("sampler_options.order", options.order());
  out.truth("sampler_options.discards_next_to_last_sigma", options.discards_next_to_last_sigma());
  if (options.has_sigma_min()) out.given("sampler_options.sigma_min", options.sigma_min());
  if (options.has_sigma_max()) out.given("sampler_options.sigma_max", options.sigma_max());
  if (options.has_rho()) out.given("sampler_options.rho", options.rho());
  if (options.has_shift()) out.given("sampler_options.shift", options.shift());
}

void write_noise(const v1::NoiseOptions& noise, CanonicalWriter& out) {
  write_choice("noise.source", noise.source(), v1::NOISE_SOURCE_CPU, out);
  out.number("noise.variation_seed", noise.variation_seed());
  out.number("noise.variation_strength", noise.variation_strength());
  out.number("noise.resize_width", noise.resize_width());
  out.number("noise.resize_height", noise.resize_height());
  out.number("noise.seed_delta", noise.seed_delta());
}

void write_hires(const v1::HiresFix& hires, CanonicalWriter& out) {
  out.number("hires.width", hires.width());
  out.number("hires.height", hires.height());
  out.text("hires.upscaler", hires.upscaler());
  out.hash("hires.upscaler_model", hires.upscaler_model().hash());
  out.number("hires.steps", hires.steps());
  out.number("hires.denoising_strength", hires.denoising_strength());
  out.text("hires.sampler", hires.sampler());
  out.text("hires.schedule", hires.schedule());
  out.number("hires.guidance_scale", hires.guidance_scale());
  out.text("hires.prompt", hires.prompt());
  out.text("hires.negative_prompt", hires.negative_prompt());
  out.number("hires.scale", hires.scale());
}

}  // namespace

std::string canonical_form(const v1::Recipe& recipe) {
  constexpr std::size_t kAllButTexts = 384;
  CanonicalWriter out(kAllButTexts + recipe.prompt().size() + recipe.negative_prompt().size());
  out.text("prompt", recipe.prompt());
  out.text("negative_prompt", recipe.negative_prompt());
  out.number("seed", recipe.seed());
  out.number("steps", recipe.steps());
  out.number("guidance_scale", recipe.guidance_scale());
  out.text("sampler", recipe.sampler());
  out.text("schedule", recipe.schedule());
  out.number("width", recipe.width());
  out.number("height", recipe.height());
  out.number("clip_skip", recipe.clip_skip());
  out.hash("model", recipe.model().hash());
  out.hash("vae", recipe.vae().hash());
  if (recipe.has_image_to_image()) write_image_to_image(recipe.image_to_image(), out);
  if (recipe.has_sampler_options()) write_sampler_options(recipe.sampler_options(), out);
  if (recipe.has_noise()) write_noise(recipe.noise(), out);
  if (recipe.has_hires()) write_hires(recipe.hires(), out);
  if (recipe.has_refiner()) {
    out.hash("refiner.model", recipe.refiner().model().hash());
    out.number("refiner.switch_at", recipe.refiner().switch_at());
  }
  out.number("guidance_rescale", recipe.guidance_rescale());
  out.number("guidance_end", recipe.guidance_end());
  for (const v1::ModelRef& lora : recipe.loras()) out.hash("lora", lora.hash());
  return std::move(out).finish();
}

Digest recipe_hash(const v1::Recipe& recipe) {
  return sha256(canonical_form(recipe));
}

}  // namespace furrow::spec
