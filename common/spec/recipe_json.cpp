#include "common/spec/recipe_json.h"

#include <cctype>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "common/base/check.h"
#include "common/base/json.h"
#include "common/spec/axis.h"
#include "common/spec/option_names.h"
#include "common/spec/sampler_names.h"
#include "common/spec/settle.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr std::size_t kHashBytes = 32;

/// "denoising_strength" as Protobuf also writes it: "denoisingStrength".
std::string camel_case(std::string_view field) {
  std::string camel;
  bool starts_word = false;
  for (const char c : field) {
    if (c == '_') {
      starts_word = true;
      continue;
    }
    camel += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    starts_word = false;
  }
  return camel;
}

/// What stands under a field in a document; null when it is not there, or is null.
const nlohmann::json* find(const nlohmann::json* message, std::string_view field) {
  if (message == nullptr || !message->is_object()) return nullptr;
  for (const std::string& key : {std::string(field), camel_case(field)}) {
    const auto found = message->find(key);
    if (found != message->end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

/// Gives what was left out its default. Protobuf cannot tell a number of 0 from none where 0 means
/// something, so the document is asked.
void complete(v1::Recipe& recipe, const nlohmann::json& document, std::uint32_t default_side_px) {
  if (find(&document, "guidance_scale") == nullptr) {
    recipe.set_guidance_scale(kDefaultGuidanceScale);
  }
  if (recipe.steps() == 0) recipe.set_steps(kDefaultSteps);
  if (recipe.sampler().empty()) recipe.set_sampler(std::string(kDefaultSampler));
  if (recipe.clip_skip() == 0) recipe.set_clip_skip(kDefaultClipSkip);
  if (recipe.width() == 0) recipe.set_width(default_side_px);
  if (recipe.height() == 0) recipe.set_height(default_side_px);
}

/// The same for the parts that only some recipes have.
void complete_parts(v1::Recipe& recipe, const nlohmann::json& document) {
  if (const auto* written = find(&document, "image_to_image")) {
    v1::ImageToImage& run = *recipe.mutable_image_to_image();
    if (find(written, "denoising_strength") == nullptr) {
      run.set_denoising_strength(kDefaultDenoisingStrength);
    }
    if (find(written, "image_guidance_scale") == nullptr) {
      run.set_image_guidance_scale(kDefaultImageGuidanceScale);
    }
    if (const auto* inpaint = find(written, "inpaint")) {
      if (find(inpaint, "blur") == nullptr) run.mutable_inpaint()->set_blur(kDefaultMaskBlur);
      if (find(inpaint, "padding") == nullptr) {
        run.mutable_inpaint()->set_padding(kDefaultMaskPadding);
      }
    }
  }
  if (const auto* written = find(&document, "hires")) {
    v1::HiresFix& hires = *recipe.mutable_hires();
    if (find(written, "denoising_strength") == nullptr) {
      hires.set_denoising_strength(kDefaultHiresDenoisingStrength);
    }
    if (hires.upscaler().empty() && !hires.has_upscaler_model()) {
      hires.set_upscaler(std::string(kDefaultHiresUpscaler));
    }
  }
  const auto* refiner = find(&document, "refiner");
  if (refiner != nullptr && find(refiner, "switch_at") == nullptr) {
    recipe.mutable_refiner()->set_switch_at(kDefaultRefinerSwitch);
  }
}

void resolve_sampler(v1::Recipe& recipe, std::vector<std::string>& faults) {
  const auto choice = find_sampler(recipe.sampler());
  if (!choice) {
    faults.push_back(fmt::format("sampler: {} {}", in_quotes(recipe.sampler()),
                                 explain_unknown_sampler(recipe.sampler())));
    return;
  }
  recipe.set_sampler(choice->sampler);
  if (recipe.schedule().empty()) {
    recipe.set_schedule(choice->schedule.value_or(std::string(kDefaultSchedule)));
  }
  const auto schedule = find_schedule(recipe.schedule());
  if (!schedule) {
    faults.push_back(fmt::format("schedule: {} {}", in_quotes(recipe.schedule()),
                                 explain_unknown_schedule(recipe.schedule())));
    return;
  }
  recipe.set_schedule(std::string(resolved_schedule(choice->sampler, *schedule)));
}

/// The names of the second run, which may be left out.
void resolve_hires(v1::HiresFix& hires, std::vector<std::string>& faults) {
  if (!hires.sampler().empty()) {
    const auto choice = find_sampler(hires.sampler());
    if (!choice) {
      faults.push_back(fmt::format("hires.sampler: {} {}", in_quotes(hires.sampler()),
                                   explain_unknown_sampler(hires.sampler())));
    } else {
      hires.set_sampler(choice->sampler);
      if (hires.schedule().empty()) hires.set_schedule(choice->schedule.value_or(""));
    }
  }
  if (!hires.schedule().empty()) {
    if (const auto schedule = find_schedule(hires.schedule())) {
      hires.set_schedule(*schedule);
    } else {
      faults.push_back(fmt::format("hires.schedule: {} {}", in_quotes(hires.schedule()),
                                   explain_unknown_schedule(hires.schedule())));
    }
  }
  if (hires.upscaler().empty()) return;
  if (const OptionName* way = find_option(hires_upscalers(), hires.upscaler())) {
    hires.set_upscaler(std::string(way->name));
  } else {
    faults.push_back(fmt::format("hires.upscaler: {} {}", in_quotes(hires.upscaler()),
                                 explain_unknown_option(hires_upscalers(), hires.upscaler())));
  }
}

/// @param path   the field in the recipe, for people
/// @param field  of the axis whose limits hold
void check_range(std::string_view path, std::string_view field, double value,
                 std::vector<std::string>& faults) {
  const Limits& limits = axis_of_field(field)->limits;
  if (limits.contains(value)) return;
  faults.push_back(fmt::format("{}: {} is out of range. It is {}.", path, value, limits.text()));
}

void check_enum(std::string_view path, bool is_valid, int value, std::vector<std::string>& faults) {
  if (!is_valid) faults.push_back(fmt::format("{}: there is no option {}.", path, value));
}

template <typename Ref>
void check_hash(std::string_view path, const Ref& ref, std::vector<std::string>& faults) {
  if (ref.hash().empty() || ref.hash().size() == kHashBytes) return;
  faults.push_back(fmt::format("{}: its hash has {} bytes; a SHA-256 has {}.", path,
                               ref.hash().size(), kHashBytes));
}

void check_every_run(const v1::Recipe& recipe, std::vector<std::string>& faults) {
  check_range("steps", "steps", recipe.steps(), faults);
  check_range("guidance_scale", "guidance_scale", recipe.guidance_scale(), faults);
  check_range("width", "width", recipe.width(), faults);
  check_range("height", "height", recipe.height(), faults);
  check_range("clip_skip", "clip_skip", recipe.clip_skip(), faults);
  check_range("guidance_rescale", "guidance_rescale", recipe.guidance_rescale(), faults);
  if (recipe.guidance_end() != 0) {
    check_range("guidance_end", "guidance_end", recipe.guidance_end(), faults);
  }
  check_hash("model", recipe.model(), faults);
  check_hash("vae", recipe.vae(), faults);
  for (const v1::ModelRef& lora : recipe.loras()) check_hash("loras", lora, faults);
}

void check_image_to_image(const v1::ImageToImage& run, std::vector<std::string>& faults) {
  check_hash("image_to_image.picture", run.picture(), faults);
  if (!run.has_picture()) faults.emplace_back("image_to_image: it has no picture.");
  check_range("image_to_image.denoising_strength", "denoising_strength", run.denoising_strength(),
              faults);
  check_range("image_to_image.image_guidance_scale", "image_guidance_scale",
              run.image_guidance_scale(), faults);
  check_enum("image_to_image.resize_mode", v1::ResizeMode_IsValid(run.resize_mode()),
             run.resize_mode(), faults);
  if (!run.has_inpaint()) return;
  const v1::Inpaint& inpaint = run.inpaint();
  check_hash("image_to_image.inpaint.mask", inpaint.mask(), faults);
  if (!inpaint.has_mask()) faults.emplace_back("image_to_image.inpaint: it has no mask.");
  check_range("image_to_image.inpaint.blur", "mask_blur", inpaint.blur(), faults);
  check_range("image_to_image.inpaint.padding", "mask_padding", inpaint.padding(), faults);
  check_enum("image_to_image.inpaint.content", v1::MaskedContent_IsValid(inpaint.content()),
             inpaint.content(), faults);
}

/// What is absent is 0, which is in every range.
void check_sampler_options(const v1::SamplerOptions& options, std::vector<std::string>& faults) {
  check_range("sampler_options.eta", "eta", options.eta(), faults);
  check_range("sampler_options.s_churn", "s_churn", options.s_churn(), faults);
  check_range("sampler_options.s_tmin", "s_tmin", options.s_tmin(), faults);
  check_range("sampler_options.s_tmax", "s_tmax", options.s_tmax(), faults);
  check_range("sampler_options.s_noise", "s_noise", options.s_noise(), faults);
  check_range("sampler_options.order", "solver_order", options.order(), faults);
  check_range("sampler_options.sigma_min", "schedule_min_sigma", options.sigma_min(), faults);
  check_range("sampler_options.sigma_max", "schedule_max_sigma", options.sigma_max(), faults);
  check_range("sampler_options.rho", "schedule_rho", options.rho(), faults);
  check_range("sampler_options.shift", "flow_shift", options.shift(), faults);
}

void check_noise(const v1::NoiseOptions& noise, std::vector<std::string>& faults) {
  check_enum("noise.source", v1::NoiseSource_IsValid(noise.source()), noise.source(), faults);
  check_range("noise.variation_strength", "variation_strength", noise.variation_strength(), faults);
  check_range("noise.resize_width", "seed_resize_width", noise.resize_width(), faults);
  check_range("noise.resize_height", "seed_resize_height", noise.resize_height(), faults);
}

void check_hires(const v1::HiresFix& hires, std::vector<std::string>& faults) {
  const bool has_size = hires.scale() != 0 || hires.width() != 0 || hires.height() != 0;
  if (!has_size) faults.emplace_back("hires: it has neither a size nor a scale.");
  if (hires.scale() != 0) check_range("hires.scale", "hires_scale", hires.scale(), faults);
  check_range("hires.width", "hires_width", hires.width(), faults);
  check_range("hires.height", "hires_height", hires.height(), faults);
  check_range("hires.steps", "hires_steps", hires.steps(), faults);
  check_range("hires.denoising_strength", "hires_denoising_strength", hires.denoising_strength(),
              faults);
  check_range("hires.guidance_scale", "hires_guidance_scale", hires.guidance_scale(), faults);
  check_hash("hires.upscaler_model", hires.upscaler_model(), faults);
}

void check_parts(const v1::Recipe& recipe, std::vector<std::string>& faults) {
  if (recipe.has_image_to_image()) check_image_to_image(recipe.image_to_image(), faults);
  if (recipe.has_sampler_options()) check_sampler_options(recipe.sampler_options(), faults);
  if (recipe.has_noise()) check_noise(recipe.noise(), faults);
  if (recipe.has_hires()) check_hires(recipe.hires(), faults);
  if (recipe.has_image_to_image() && recipe.has_hires()) {
    faults.emplace_back("hires: it does not go with image_to_image. Leave one of them out.");
  }
  if (recipe.has_refiner()) {
    check_hash("refiner.model", recipe.refiner().model(), faults);
    check_range("refiner.switch_at", "refiner_switch_at", recipe.refiner().switch_at(), faults);
  }
}

}  // namespace

std::string recipe_to_json(const v1::Recipe& recipe) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(recipe, &json, options);
  FURROW_CHECK(status.ok(), "a recipe can be written as JSON");
  return json;
}

Result<v1::Recipe> recipe_from_json(std::string_view json, std::uint32_t default_side_px) {
  // Protobuf's reader also takes what is only almost JSON: keys without quotes, bytes of no text.
  const auto document = parse_json(json);
  if (document.is_discarded()) {
    return fail(ErrorKind::Invalid, "This is not a recipe: it is not well-formed JSON.");
  }
  v1::Recipe recipe;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &recipe);
  if (!status.ok()) {
    return fail(ErrorKind::Invalid,
                fmt::format("This is not a recipe: {}.", std::string(status.message())));
  }
  complete(recipe, document, default_side_px);
  complete_parts(recipe, document);
  std::vector<std::string> faults;
  resolve_sampler(recipe, faults);
  if (recipe.has_hires()) resolve_hires(*recipe.mutable_hires(), faults);
  check_every_run(recipe, faults);
  check_parts(recipe, faults);
  if (faults.empty()) {
    settle(recipe);
    return recipe;
  }
  return fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
}

}  // namespace furrow::spec
