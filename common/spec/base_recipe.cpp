#include "common/spec/base_recipe.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/spec/axis.h"
#include "common/spec/model_choice.h"
#include "common/spec/optional_parts.h"
#include "common/spec/sampler_names.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

/// Reads the parameters one by one; a fault in one hides none in another.
class Reader {
 public:
  Reader(const v1::Parameters& base, const BaseContext& context) : base_(base), context_(context) {}

  BaseReading read() && {
    read_text("prompt", base_.prompt());
    read_text("negative_prompt", base_.negative_prompt());
    recipe().set_prompt(base_.prompt());
    recipe().set_negative_prompt(base_.negative_prompt());
    read_seed();
    recipe().set_steps(read_integer("steps", base_.has_steps(), base_.steps(), kDefaultSteps));
    recipe().set_clip_skip(
        read_integer("clip_skip", base_.has_clip_skip(), base_.clip_skip(), kDefaultClipSkip));
    read_guidance_scale();
    read_sampler();
    const std::uint32_t side = default_side();
    recipe().set_width(read_side("width", base_.has_width(), base_.width(), side));
    recipe().set_height(read_side("height", base_.has_height(), base_.height(), side));
    read_vae();
    read_optional_parts(base_, context_, reading_);
    return std::move(reading_);
  }

 private:
  void read_text(std::string_view field, const std::string& text) {
    const std::string_view label = axis_of_field(field)->label;
    if (!is_valid_utf8(text)) add_fault("{}: the text is not valid UTF-8.", label);
    if (text.find('\0') != text.npos) add_fault("{}: the text holds a NUL character.", label);
    if (text.size() > kMaxText) add_fault("{}: the text is longer than {} bytes.", label, kMaxText);
  }

  void read_seed() {
    if (is_varied("seed") && !base_.has_seed()) return;
    const std::int64_t seed = base_.has_seed() ? base_.seed() : kRandomSeed;
    if (seed < kRandomSeed) {
      add_fault("Seed: {} is out of range. A seed is 0 to {}, or -1 to draw one.", seed,
                axis_of_field("seed")->limits.most);
    }
    recipe().set_seed(seed == kRandomSeed ? context_.draw_seed()
                                          : static_cast<std::uint64_t>(seed));
  }

  std::uint32_t read_integer(std::string_view field, bool given, std::int64_t value,
                             std::uint32_t otherwise) {
    if (!given) return otherwise;
    const AxisKind& kind = *axis_of_field(field);
    if (value < kind.limits.least || value > kind.limits.most) {
      add_fault("{0}: {1} is out of range. {0} is {2} to {3}.", kind.label, value,
                kind.limits.least, kind.limits.most);
      return otherwise;
    }
    return static_cast<std::uint32_t>(value);
  }

  std::uint32_t read_side(std::string_view field, bool given, std::int64_t value,
                          std::uint32_t otherwise) {
    const bool varied = is_varied("size") || is_varied(field);
    const std::int64_t side = given ? value : otherwise;
    const auto fault = context_.size_rule.fault_of(side);
    if (fault && !(varied && !given)) {
      add_fault("{}: {} {}", axis_of_field(field)->label, side, *fault);
      return otherwise;
    }
    return static_cast<std::uint32_t>(side);
  }

  std::uint32_t default_side() {
    if (context_.models.empty() || context_.models.front()->default_size() == 0)
      return kDefaultSide;
    const std::uint32_t side = context_.models.front()->default_size();
    const bool differ = std::ranges::any_of(context_.models, [&](const v1::ModelOnDisk* model) {
      return model->default_size() != side;
    });
    const bool given = is_varied("size") || ((base_.has_width() || is_varied("width")) &&
                                             (base_.has_height() || is_varied("height")));
    if (differ && !given) {
      reading_.warnings.push_back(
          fmt::format("The models are made for different sizes; all are rendered at {0}x{0}, that "
                      "of {1}.",
                      side, context_.models.front()->model().name()));
    }
    return side;
  }

  void read_guidance_scale() {
    const Limits& limits = axis_of_field("guidance_scale")->limits;
    const double scale =
        base_.has_guidance_scale() ? base_.guidance_scale() : kDefaultGuidanceScale;
    const bool in_range =
        scale >= static_cast<double>(limits.least) && scale <= static_cast<double>(limits.most);
    if (!in_range) {
      add_fault("CFG scale: {} is out of range. CFG scale is {} to {}.", scale, limits.least,
                limits.most);
    }
    recipe().set_guidance_scale(scale + 0.0);
  }

  void read_sampler() {
    recipe().set_sampler(std::string(kDefaultSampler));
    recipe().set_schedule(std::string(kDefaultSchedule));
    if (base_.has_sampler()) {
      const auto choice = find_sampler(base_.sampler());
      if (choice) {
        recipe().set_sampler(choice->sampler);
        if (choice->schedule) recipe().set_schedule(*choice->schedule);
      } else {
        add_fault("Sampler: {} {}", in_quotes(base_.sampler()),
                  explain_unknown_sampler(base_.sampler()));
      }
    }
    if (!base_.has_schedule()) return;
    const auto schedule = find_schedule(base_.schedule());
    if (!schedule) {
      add_fault("Schedule: {} {}", in_quotes(base_.schedule()),
                explain_unknown_schedule(base_.schedule()));
      return;
    }
    if (recipe().schedule() != kDefaultSchedule && recipe().schedule() != *schedule) {
      add_fault("Schedule: {} contradicts the sampler {}. Keep one of them.",
                in_quotes(base_.schedule()), in_quotes(base_.sampler()));
    }
    recipe().set_schedule(*schedule);
  }

  void read_vae() {
    if (!base_.has_vae()) return;
    const auto vae = find_vae(context_.catalog, base_.vae());
    if (!vae) {
      add_fault("VAE: {} {}", in_quotes(base_.vae()), vae.error().message);
    } else if (*vae != nullptr) {
      *recipe().mutable_vae() = (*vae)->model();
    }
  }

  bool is_varied(std::string_view field) const { return context_.varied.contains(field); }

  v1::Recipe& recipe() { return reading_.recipe; }

  template <typename... Args>
  void add_fault(fmt::format_string<Args...> format, Args&&... args) {
    reading_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const v1::Parameters& base_;
  const BaseContext& context_;
  BaseReading reading_;
};

}  // namespace

BaseReading read_base_recipe(const v1::Parameters& base, const BaseContext& context) {
  return Reader(base, context).read();
}

}  // namespace furrow::spec
