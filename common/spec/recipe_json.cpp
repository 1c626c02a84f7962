#include "common/spec/recipe_json.h"

#include <vector>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "common/base/check.h"
#include "common/base/json.h"
#include "common/spec/axis.h"
#include "common/spec/sampler_names.h"
#include "common/spec/size_rule.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr std::size_t kHashBytes = 32;

/// Protobuf cannot tell a guidance scale of 0, which is one, from none.
bool names_guidance_scale(const nlohmann::json& recipe) {
  const auto is_given = [&](const char* key) {
    return recipe.contains(key) && !recipe.at(key).is_null();
  };
  return is_given("guidance_scale") || is_given("guidanceScale");
}

/// Gives the fields that were left out their defaults; of these, no number may be 0.
void complete(v1::Recipe& recipe, std::uint32_t default_side_px) {
  if (recipe.steps() == 0) recipe.set_steps(kDefaultSteps);
  if (recipe.sampler().empty()) recipe.set_sampler(std::string(kDefaultSampler));
  if (recipe.clip_skip() == 0) recipe.set_clip_skip(kDefaultClipSkip);
  if (recipe.width() == 0) recipe.set_width(default_side_px);
  if (recipe.height() == 0) recipe.set_height(default_side_px);
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

void check_range(std::string_view field, double value, std::vector<std::string>& faults) {
  const Limits& limits = axis_of_field(field)->limits;
  if (value >= static_cast<double>(limits.least) && value <= static_cast<double>(limits.most))
    return;
  faults.push_back(fmt::format("{}: {} is out of range. It is {} to {}.", field, value,
                               limits.least, limits.most));
}

void check_hash(std::string_view field, const v1::ModelRef& model,
                std::vector<std::string>& faults) {
  if (model.hash().empty() || model.hash().size() == kHashBytes) return;
  faults.push_back(fmt::format("{}: its hash has {} bytes; a SHA-256 has {}.", field,
                               model.hash().size(), kHashBytes));
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
  if (!names_guidance_scale(document)) recipe.set_guidance_scale(kDefaultGuidanceScale);
  complete(recipe, default_side_px);
  std::vector<std::string> faults;
  resolve_sampler(recipe, faults);
  check_range("steps", recipe.steps(), faults);
  check_range("guidance_scale", recipe.guidance_scale(), faults);
  check_range("width", recipe.width(), faults);
  check_range("height", recipe.height(), faults);
  check_range("clip_skip", recipe.clip_skip(), faults);
  check_hash("model", recipe.model(), faults);
  check_hash("vae", recipe.vae(), faults);
  if (faults.empty()) return recipe;
  return fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
}

}  // namespace furrow::spec
