#include "worker/engine/model/single_file_parts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "common/base/files.h"
#include "common/config/paths.h"
#include "worker/engine/weights/single_file.h"
#include "worker/engine/weights/single_file_configs.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using weights::ModelFamily;
using weights::ModelTraits;

/// Larger ones are no configs of models.
constexpr std::uintmax_t kMostYamlBytes = 1 << 20;

std::string pipeline_class(const ModelTraits& traits) {
  const bool inpaints = traits.in_channels == 9;
  switch (traits.family) {
    case ModelFamily::Sd1:
    case ModelFamily::Sd2:
      if (traits.in_channels == 8) return "StableDiffusionInstructPix2PixPipeline";
      return inpaints ? "StableDiffusionInpaintPipeline" : "StableDiffusionPipeline";
    case ModelFamily::Sdxl:
      return inpaints ? "StableDiffusionXLInpaintPipeline" : "StableDiffusionXLPipeline";
    case ModelFamily::SdxlRefiner:
      return "StableDiffusionXLImg2ImgPipeline";
    case ModelFamily::Sd3:
      return "StableDiffusion3Pipeline";
    case ModelFamily::Flux:
      return "FluxPipeline";
  }
  return {};
}

json index_of(const ModelTraits& traits) {
  const bool is_refiner = traits.family == ModelFamily::SdxlRefiner;
  json index = {{"_class_name", pipeline_class(traits)}, {"requires_aesthetics_score", is_refiner}};
  if (traits.family == ModelFamily::Sdxl || is_refiner)
    index["force_zeros_for_empty_prompt"] = !is_refiner;
  return index;
}

/// "v" or "eps": what the yaml of the original release calls what the model predicts, if it does.
Result<std::optional<std::string>> parameterization_beside(const fs::path& file) {
  const auto path = fs::path(file).replace_extension(".yaml");
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return std::optional<std::string>();
  if (size > kMostYamlBytes)
    return fail(ErrorKind::Invalid,
                fmt::format("{} is too large to be a model's config.", path.string()));
  FURROW_TRY(const auto text, read_file(path));
  try {
    const auto value = YAML::Load(text)["model"]["params"]["parameterization"];
    if (!value || !value.IsScalar()) return std::optional<std::string>();
    return std::optional(value.Scalar());
  } catch (const YAML::Exception& e) {
    return fail(ErrorKind::Invalid, fmt::format("{} is no config of a model: {}. Mend it or move "
                                                "it away.",
                                                path.string(), e.what()));
  }
}

json flow_scheduler(const ModelTraits& traits) {
  json config = {{"_class_name", "FlowMatchEulerDiscreteScheduler"}, {"num_train_timesteps", 1000}};
  if (traits.family == ModelFamily::Sd3) {
    config["shift"] = 3.0;
  } else if (traits.embeds_guidance) {
    config.update({{"shift", 3.0},
                   {"use_dynamic_shifting", true},
                   {"base_shift", 0.5},
                   {"max_shift", 1.15},
                   {"base_image_seq_len", 256},
                   {"max_image_seq_len", 4096}});
  } else {
    config["shift"] = 1.0;
  }
  return config;
}

json scheduler_of(const ModelTraits& traits, std::optional<bool> predicts_v) {
  if (traits.family == ModelFamily::Sd3 || traits.family == ModelFamily::Flux)
    return flow_scheduler(traits);
  const bool is_xl =
      traits.family == ModelFamily::Sdxl || traits.family == ModelFamily::SdxlRefiner;
  json config = {{"_class_name", is_xl ? "EulerDiscreteScheduler" : "DDIMScheduler"},
                 {"beta_schedule", "scaled_linear"},
                 {"beta_start", 0.00085},
                 {"beta_end", 0.012},
                 {"num_train_timesteps", 1000},
                 {"steps_offset", 1},
                 {"timestep_spacing", "leading"}};
  if (predicts_v) config["prediction_type"] = *predicts_v ? "v_prediction" : "epsilon";
  if (!is_xl) config.update({{"clip_sample", false}, {"set_alpha_to_one", false}});
  if (traits.has_zero_terminal_snr)
    config.update({{"rescale_betas_zero_snr", true}, {"timestep_spacing", "trailing"}});
  return config;
}

class SingleFileParts : public ModelParts {
 public:
  SingleFileParts(const fs::path& path, weights::SingleFile file,
                  const std::optional<std::string>& parameterization)
      : ModelParts(path, index_of(file.traits())),
        file_(std::move(file)),
        components_(file_.components()),
        predicts_v_(known_prediction(file_.traits(), parameterization)) {}

  bool has(std::string_view part) const override {
    return std::find(components_.begin(), components_.end(), part) != components_.end();
  }

  Result<Network> network(std::string_view part, std::string_view /*stem*/,
                          const weights::KeyMap& key_map) const override {
    FURROW_TRY(auto checkpoint, file_.component(part, key_map));
    auto config = file_.config(part);
    if (!config)
      return fail(config.error().kind,
                  fmt::format("{}: {}", path().string(), config.error().message));
    return Network{path(), std::move(config).value(), std::move(checkpoint)};
  }

  Result<prompt::BpeTokenizer> tokenizer(std::string_view part) const override {
    const bool is_open_clip = part == "tokenizer_2" || file_.traits().family == ModelFamily::Sd2;
    return prompt::BpeTokenizer::load(config::shared_folder() / "tokenizers" /
                                      (is_open_clip ? "open_clip" : "clip"));
  }

  Result<json> scheduler_config() const override {
    return scheduler_of(file_.traits(), predicts_v_);
  }

 private:
  // Nothing: neither the yaml nor a tensor tells, as of most files of Stable Diffusion 2.x.
  static std::optional<bool> known_prediction(const ModelTraits& traits,
                                              const std::optional<std::string>& parameterization) {
    if (parameterization) return *parameterization == "v";
    if (traits.family == ModelFamily::Sd2 && !traits.predicts_v) return std::nullopt;
    return traits.predicts_v;
  }

  weights::SingleFile file_;
  std::vector<std::string> components_;
  std::optional<bool> predicts_v_;
};

}  // namespace

Result<std::unique_ptr<const ModelParts>> open_single_file(const fs::path& file) {
  FURROW_TRY(auto opened, weights::SingleFile::open(file));
  FURROW_TRY(const auto parameterization, parameterization_beside(file));
  return std::unique_ptr<const ModelParts>(
      std::make_unique<const SingleFileParts>(file, std::move(opened), parameterization));
}

}  // namespace furrow::engine
