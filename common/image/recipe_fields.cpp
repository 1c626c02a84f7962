#include "common/image/recipe_fields.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/spec/option_names.h"
#include "common/spec/plan.h"
#include "common/spec/sampler_names.h"

namespace furrow::image {

namespace {

constexpr std::string_view kModelsOwnSchedule = "normal";
constexpr std::size_t kShortHashDigits = 10;

std::string short_hash(const std::string& raw) {
  const auto hash = Digest::from_raw(raw);
  return hash ? hash->hex().substr(0, kShortHashDigits) : "";
}

/// As A1111 and sdnext write model names: without the characters that would need quotes.
std::string plain_name(std::string name) {
  std::erase_if(name, [](char c) { return c == ',' || c == ':'; });
  return name;
}

// Names that this version does not know, from a picture of another, stand as they are.

std::string sampler_label(const std::string& name) {
  const auto sampler = std::ranges::find(spec::samplers(), name, &spec::SamplerName::name);
  return sampler == spec::samplers().end() ? name : std::string(sampler->label);
}

/// "Automatic" is what A1111 calls the model's own sigmas; any other schedule is named, whether or
/// not it is the sampler's usual one.
std::string schedule_label(const std::string& sampler_name, const std::string& name) {
  const auto sampler = std::ranges::find(spec::samplers(), sampler_name, &spec::SamplerName::name);
  const bool is_own = name == kModelsOwnSchedule && sampler != spec::samplers().end() &&
                      sampler->default_schedule == kModelsOwnSchedule;
  if (is_own) return "Automatic";
  const auto schedule = std::ranges::find(spec::schedules(), name, &spec::ScheduleName::name);
  return schedule == spec::schedules().end() ? name : std::string(schedule->label);
}

std::string option_label(const spec::OptionNames& names, int number) {
  const spec::OptionName* option = spec::option_numbered(names, number);
  return option == nullptr ? fmt::format("{}", number) : std::string(option->label);
}

/// Writes the fields of one recipe, part by part.
class FieldWriter {
 public:
  explicit FieldWriter(const v1::Recipe& recipe) : recipe_(recipe) {}

  std::vector<std::pair<std::string, std::string>> write() && {
    write_every_run();
    write_noise();
    write_strengths();
    if (recipe_.clip_skip() > 1) number("Clip skip", recipe_.clip_skip());
    if (recipe_.noise().seed_delta() > 0) number("ENSD", recipe_.noise().seed_delta());
    text("Init image hash", short_hash(recipe_.image_to_image().picture().hash()));
    text("RNG", option_label(spec::noise_sources(), noise_source()));
    if (recipe_.has_hires()) write_hires(recipe_.hires());
    if (recipe_.has_refiner()) write_refiner(recipe_.refiner());
    if (recipe_.image_to_image().has_inpaint()) write_inpaint(recipe_.image_to_image().inpaint());
    write_sampler_options(recipe_.sampler_options());
    write_loras();
    return std::move(fields_);
  }

 private:
  void write_every_run() {
    number("Steps", recipe_.steps());
    text("Sampler", sampler_label(recipe_.sampler()));
    text("Schedule type", schedule_label(recipe_.sampler(), recipe_.schedule()));
    number("CFG scale", recipe_.guidance_scale());
    if (recipe_.guidance_rescale() > 0) number("CFG rescale", recipe_.guidance_rescale());
    if (recipe_.guidance_end() > 0) number("CFG end", recipe_.guidance_end());
    const double image_scale = recipe_.image_to_image().image_guidance_scale();
    if (image_scale > 0 && image_scale != spec::kDefaultImageGuidanceScale) {
      number("Image CFG scale", image_scale);
    }
    number("Seed", recipe_.seed());
    text("Size", fmt::format("{}x{}", recipe_.width(), recipe_.height()));
    text("Model hash", short_hash(recipe_.model().hash()));
    text("Model", plain_name(recipe_.model().name()));
    if (recipe_.has_vae()) {
      text("VAE hash", short_hash(recipe_.vae().hash()));
      text("VAE", plain_name(recipe_.vae().name()));
    }
  }

  void write_noise() {
    const v1::NoiseOptions& noise = recipe_.noise();
    if (noise.variation_strength() > 0) {
      number("Variation seed", noise.variation_seed());
      number("Variation seed strength", noise.variation_strength());
    }
    if (noise.resize_width() > 0 && noise.resize_height() > 0) {
      text("Seed resize from", fmt::format("{}x{}", noise.resize_width(), noise.resize_height()));
    }
  }

  /// A1111 has one field for the strength of whichever run begins with a picture.
  void write_strengths() {
    if (recipe_.has_image_to_image()) {
      const v1::ImageToImage& run = recipe_.image_to_image();
      number("Denoising strength", run.denoising_strength());
      const bool is_usual = run.resize_mode() == v1::RESIZE_MODE_UNSPECIFIED ||
                            run.resize_mode() == v1::RESIZE_MODE_STRETCH;
      if (!is_usual) text("Resize mode", option_label(spec::resize_modes(), run.resize_mode()));
    } else if (recipe_.has_hires()) {
      number("Denoising strength", recipe_.hires().denoising_strength());
    }
  }

  int noise_source() const {
    const auto source = recipe_.noise().source();
    return source == v1::NOISE_SOURCE_UNSPECIFIED ? v1::NOISE_SOURCE_CPU : source;
  }

  void write_hires(const v1::HiresFix& hires) {
    text("Hires prompt", hires.prompt());
    text("Hires negative prompt", hires.negative_prompt());
    if (const auto scale = scale_of(hires)) {
      number("Hires upscale", *scale);
    } else {
      text("Hires resize", fmt::format("{}x{}", hires.width(), hires.height()));
    }
    if (hires.steps() > 0) number("Hires steps", hires.steps());
    const auto* way = spec::option_named(spec::hires_upscalers(), hires.upscaler());
    text("Hires upscaler", way != nullptr               ? std::string(way->label)
                           : hires.has_upscaler_model() ? plain_name(hires.upscaler_model().name())
                                                        : hires.upscaler());
    const std::string& sampler = hires.sampler().empty() ? recipe_.sampler() : hires.sampler();
    if (!hires.sampler().empty()) text("Hires sampler", sampler_label(sampler));
    if (!hires.schedule().empty()) {
      text("Hires schedule type", schedule_label(sampler, hires.schedule()));
    }
    if (hires.guidance_scale() > 0) number("Hires CFG Scale", hires.guidance_scale());
  }

  /// The scale that a person would have written, with two decimals at most; nothing when the sides
  /// do not grow alike.
  std::optional<double> scale_of(const v1::HiresFix& hires) const {
    constexpr double kHundredths = 100;
    if (recipe_.width() == 0 || recipe_.height() == 0) return std::nullopt;
    const double across = static_cast<double>(hires.width()) / recipe_.width();
    const double down = static_cast<double>(hires.height()) / recipe_.height();
    const bool is_round = std::round(across * kHundredths) / kHundredths == across;
    return across == down && is_round ? std::optional(across) : std::nullopt;
  }

  void write_refiner(const v1::RefinerSwitch& refiner) {
    const std::string hash = short_hash(refiner.model().hash());
    text("Refiner", plain_name(refiner.model().name()) +
                        (hash.empty() ? std::string() : fmt::format(" [{}]", hash)));
    number("Refiner switch at", refiner.switch_at());
  }

  void write_inpaint(const v1::Inpaint& inpaint) {
    number("Mask blur", inpaint.blur());
    if (inpaint.inverted()) text("Mask mode", option_label(spec::mask_modes(), 1));
    const bool is_usual = inpaint.content() == v1::MASKED_CONTENT_UNSPECIFIED ||
                          inpaint.content() == v1::MASKED_CONTENT_ORIGINAL;
    if (!is_usual) {
      text("Masked content", option_label(spec::masked_contents(), inpaint.content()));
    }
    if (inpaint.only_masked()) {
      text("Inpaint area", option_label(spec::inpaint_areas(), 1));
      number("Masked area padding", inpaint.padding());
    }
  }

  void write_sampler_options(const v1::SamplerOptions& options) {
    const bool is_ddim = recipe_.sampler().starts_with("ddim");
    if (options.has_eta()) number(is_ddim ? "Eta DDIM" : "Eta", options.eta());
    if (options.has_s_churn()) number("Sigma churn", options.s_churn());
    if (options.has_s_tmin()) number("Sigma tmin", options.s_tmin());
    if (options.has_s_tmax()) number("Sigma tmax", options.s_tmax());
    if (options.has_s_noise()) number("Sigma noise", options.s_noise());
    if (options.has_sigma_min()) number("Schedule min sigma", options.sigma_min());
    if (options.has_sigma_max()) number("Schedule max sigma", options.sigma_max());
    if (options.has_rho()) number("Schedule rho", options.rho());
    if (options.discards_next_to_last_sigma()) text("Discard penultimate sigma", "True");
    if (options.order() > 0) number("Sampler order", options.order());
    if (options.has_shift()) number("Sampler shift", options.shift());
  }

  void write_loras() {
    std::vector<std::string> hashes;
    for (const v1::ModelRef& lora : recipe_.loras()) {
      hashes.push_back(fmt::format("{}: {}", plain_name(lora.name()), short_hash(lora.hash())));
    }
    text("Lora hashes", fmt::format("{}", fmt::join(hashes, ", ")));
  }

  template <typename Number>
  void number(std::string_view key, Number value) {
    fields_.emplace_back(key, fmt::format("{}", value));
  }

  void text(std::string_view key, std::string value) {
    if (!value.empty()) fields_.emplace_back(key, std::move(value));
  }

  const v1::Recipe& recipe_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> recipe_fields(const v1::Recipe& recipe) {
  return FieldWriter(recipe).write();
}

}  // namespace furrow::image
