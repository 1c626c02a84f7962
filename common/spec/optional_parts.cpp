#include "common/spec/optional_parts.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/axis.h"
#include "common/spec/axis_values.h"
#include "common/spec/sampler_names.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

using google::protobuf::FieldDescriptor;

constexpr std::size_t kPictureHashBytes = 32;  // of a SHA-256

/// The parameters that base_recipe.cpp reads: every run has them, with defaults that depend on the
/// model or on each other.
constexpr std::array kOfEveryRun = std::to_array<std::string_view>(
    {"prompt", "negative_prompt", "seed", "steps", "guidance_scale", "sampler", "schedule", "width",
     "height", "size", "clip_skip", "model", "vae"});

/// The sides that are 0 for none, as A1111's clients write them.
constexpr std::array kSides = std::to_array<std::string_view>(
    {"hires_width", "hires_height", "seed_resize_width", "seed_resize_height"});

/// The text in which a person would write the value of a parameter; nothing when it has none.
std::optional<std::string> written(const v1::Parameters& base, std::string_view field) {
  const auto& reflection = *v1::Parameters::GetReflection();
  const auto* descriptor = v1::Parameters::descriptor()->FindFieldByName(std::string(field));
  if (descriptor == nullptr || !reflection.HasField(base, descriptor)) return std::nullopt;
  switch (descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(base, descriptor);
    case FieldDescriptor::CPPTYPE_INT64: {
      const std::int64_t value = reflection.GetInt64(base, descriptor);
      const bool is_none = value == 0 && std::ranges::find(kSides, field) != kSides.end();
      return is_none ? std::nullopt : std::optional(fmt::format("{}", value));
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return shortest(reflection.GetDouble(base, descriptor));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(base, descriptor) ? "true" : "false";
    default:
      FURROW_CHECK(false, "a parameter is a text, a number or a truth value");
  }
}

/// Reads the parts one by one; a fault in one hides none in another.
class PartsReader {
 public:
  PartsReader(const v1::Parameters& base, const BaseContext& context, BaseReading& reading)
      : base_(base), context_(context), reading_(reading) {}

  void read() {
    begin_with_picture();
    begin_hires();
    if (is_present("refiner")) recipe().mutable_refiner()->set_switch_at(kDefaultRefinerSwitch);
    for (const AxisKind& kind : axis_kinds()) {
      const bool is_read = std::ranges::find(kOfEveryRun, kind.field) != kOfEveryRun.end();
      if (!is_read) read_parameter(kind);
    }
    const bool draws_variation = is_present("variation_strength") && !is_present("variation_seed");
    if (draws_variation) recipe().mutable_noise()->set_variation_seed(context_.draw_seed());
    keep_sampler_and_schedule_of_hires_apart();
  }

 private:
  void begin_with_picture() {
    if (!base_.has_init_image()) return;
    v1::ImageToImage& run = *recipe().mutable_image_to_image();
    *run.mutable_picture() = read_picture("Init image", base_.init_image());
    run.set_denoising_strength(kDefaultDenoisingStrength);
    run.set_resize_mode(v1::RESIZE_MODE_STRETCH);
    run.set_image_guidance_scale(kDefaultImageGuidanceScale);
    if (!base_.has_mask()) return;
    v1::Inpaint& inpaint = *run.mutable_inpaint();
    *inpaint.mutable_mask() = read_picture("Mask", base_.mask());
    inpaint.set_blur(kDefaultMaskBlur);
    inpaint.set_content(v1::MASKED_CONTENT_ORIGINAL);
    inpaint.set_padding(kDefaultMaskPadding);
  }

  /// The strength of the first run is that of the second, unless that has its own.
  void begin_hires() {
    const bool is_wanted =
        is_present("hires_scale") || is_present("hires_width") || is_present("hires_height");
    if (!is_wanted) return;
    v1::HiresFix& hires = *recipe().mutable_hires();
    hires.set_upscaler(std::string(kDefaultHiresUpscaler));
    hires.set_denoising_strength(kDefaultHiresDenoisingStrength);
  }

  v1::PictureRef read_picture(std::string_view what, const v1::PictureRef& picture) {
    if (!is_valid_utf8(picture.name())) add_fault("{}: its name is not valid UTF-8.", what);
    if (picture.name().size() > kMaxText) {
      add_fault("{}: its name is longer than {} bytes.", what, kMaxText);
    }
    if (picture.hash().size() != kPictureHashBytes) {
      add_fault(
          "{}: {} came without the picture itself. Send its file before the job, as the "
          "furrow command does.",
          what, in_quotes(picture.name()));
    }
    return picture;
  }

  void read_parameter(const AxisKind& kind) {
    const auto text = written(base_, kind.field);
    if (!text) return;
    v1::AxisSpec single;
    single.add_list(*text);
    const AxisReading value =
        read_axis_values(kind, single, {context_.catalog, context_.draw_seed, context_.size_rule});
    for (const ValueFault& fault : value.faults) {
      add_fault("{}: {} {}", kind.label, in_quotes(*text), fault.what);
    }
    for (const std::string& warning : value.warnings) {
      reading_.warnings.push_back(fmt::format("{} {}", kind.label, warning));
    }
    if (!value.faults.empty()) return;
    const bool is_integer = value.values.integers_size() > 0;
    kind.set(recipe(), {value.values, 0, is_integer ? value.values.integers(0).first() : 0});
  }

  /// "DPM++ 2M Karras" and another schedule beside it.
  void keep_sampler_and_schedule_of_hires_apart() {
    if (!base_.has_hires_sampler() || !base_.has_hires_schedule()) return;
    const auto choice = find_sampler(base_.hires_sampler());
    const auto schedule = find_schedule(base_.hires_schedule());
    const bool differ = choice && choice->schedule && schedule && *choice->schedule != *schedule;
    if (!differ) return;
    add_fault("Hires schedule type: {} contradicts the sampler {}. Keep one of them.",
              in_quotes(base_.hires_schedule()), in_quotes(base_.hires_sampler()));
  }

  bool is_present(std::string_view field) const {
    return context_.varied.contains(field) || written(base_, field);
  }

  v1::Recipe& recipe() { return reading_.recipe; }

  template <typename... Args>
  void add_fault(fmt::format_string<Args...> format, Args&&... args) {
    reading_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const v1::Parameters& base_;
  const BaseContext& context_;
  BaseReading& reading_;
};

/// Looks at which parts a sweep has, and what they have to do with each other.
class PartsCheck {
 public:
  PartsCheck(const v1::Parameters& base, const std::set<std::string_view>& varied)
      : base_(base), varied_(varied) {}

  std::vector<std::string> faults() && {
    for (const AxisKind& kind : axis_kinds()) check_needs(kind);
    if (base_.has_mask() && !base_.has_init_image()) {
      add_fault("Mask: there is no init image that it masks. Add one, or leave the mask out.");
    }
    if (base_.has_init_image() && has_hires()) {
      add_fault(
          "Hires fix enlarges what a prompt alone gave; it does not go with an init image. "
          "Leave one of them out.");
    }
    keep_one_of("hires_scale", "hires_width");
    keep_one_of("hires_scale", "hires_height");
    if (has_hires()) keep_one_of("denoising_strength", "hires_denoising_strength");
    go_together("seed_resize_width", "seed_resize_height");
    check_order("schedule_min_sigma", "schedule_max_sigma");
    check_order("s_tmin", "s_tmax");
    return std::move(faults_);
  }

 private:
  struct Wanted {
    bool is_there = true;
    std::string_view what = {};  ///< "a mask"
    std::string_view how = {};   ///< what to write to have one
  };

  Wanted wanted(Needs needs) const {
    switch (needs) {
      case Needs::Nothing:
        return {};
      case Needs::Picture:
        return {base_.has_init_image(), "an init image", "init_image"};
      case Needs::Mask:
        return {base_.has_mask(), "a mask", "mask"};
      case Needs::Hires:
        return {has_hires(), "hires fix", "hires_scale, or hires_width and hires_height"};
      case Needs::PictureOrHires:
        return {base_.has_init_image() || has_hires(), "an init image or hires fix",
                "init_image or hires_scale"};
      case Needs::Refiner:
        return {is_present("refiner"), "a refiner", "refiner"};
      case Needs::Variation:
        return {is_present("variation_strength"), "a variation strength", "variation_strength"};
    }
    FURROW_CHECK(false, "a need that exists");
  }

  void check_needs(const AxisKind& kind) {
    const Wanted needed = wanted(kind.needs);
    if (needed.is_there || !is_present(kind.field)) return;
    add_fault("{} decides nothing without {}. Add {}, or leave it out.", named(kind.field),
              needed.what, needed.how);
  }

  void keep_one_of(std::string_view one, std::string_view other) {
    if (!is_present(one) || !is_present(other)) return;
    add_fault("{} and {} set the same thing. Keep one of them.", named(one), named(other));
  }

  void go_together(std::string_view one, std::string_view other) {
    if (is_present(one) == is_present(other)) return;
    const bool has_one = is_present(one);
    add_fault("{} goes with {}. Add that, or leave it out.", named(has_one ? one : other),
              named(has_one ? other : one));
  }

  /// Of two parameters, not axes; 0 is none.
  void check_order(std::string_view low, std::string_view high) {
    const auto from = number(low);
    const auto to = number(high);
    if (from > 0 && to > 0 && from >= to) {
      add_fault("{} is {} and must be less than {}, which is {}.", named(low), from, named(high),
                to);
    }
  }

  double number(std::string_view field) const {
    const auto* descriptor = v1::Parameters::descriptor()->FindFieldByName(std::string(field));
    return v1::Parameters::GetReflection()->GetDouble(base_, descriptor);
  }

  bool has_hires() const {
    return is_present("hires_scale") || is_present("hires_width") || is_present("hires_height");
  }

  bool is_present(std::string_view field) const {
    return varied_.contains(field) || written(base_, field);
  }

  /// "Axis "Mask blur"" or "Mask blur".
  std::string named(std::string_view field) const {
    const std::string_view label = axis_of_field(field)->label;
    return varied_.contains(field) ? fmt::format("Axis \"{}\"", label) : std::string(label);
  }

  template <typename... Args>
  void add_fault(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const v1::Parameters& base_;
  const std::set<std::string_view>& varied_;
  std::vector<std::string> faults_;
};

}  // namespace

void read_optional_parts(const v1::Parameters& base, const BaseContext& context,
                         BaseReading& reading) {
  PartsReader(base, context, reading).read();
}

std::vector<std::string> faults_of_parts(const v1::Parameters& base,
                                         const std::set<std::string_view>& varied) {
  return PartsCheck(base, varied).faults();
}

}  // namespace furrow::spec
