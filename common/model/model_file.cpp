#include "common/model/model_file.h"

#include <utility>

#include <fmt/format.h>

#include "common/model/recognise.h"
#include "common/weights/original_config.h"
#include "common/weights/torch_file.h"

namespace furrow::model {

namespace {

namespace weights = engine::weights;

/// Networks that predict the noise or the velocity of a variance-preserving process; what flow
/// models predict is always the same.
bool has_a_choice(const Traits& traits) {
  const bool has_network = traits.kind == Kind::Checkpoint || traits.kind == Kind::Network;
  return has_network && traits.prediction != Prediction::Flow;
}

void take_prediction(Prediction by_yaml, Traits& traits) {
  traits.prediction_is_by_yaml = by_yaml != traits.prediction;
  traits.prediction = by_yaml;
}

}  // namespace

bool is_weights_file(const std::filesystem::path& file) {
  return file.extension() == ".safetensors" || weights::has_torch_extension(file);
}

Result<ModelFile> open_model_file(const std::filesystem::path& path) {
  FURROW_TRY(auto file, weights::TensorFile::open(path));
  auto traits = recognise(weights::shapes_of(file), file.metadata);
  if (!traits) {
    return fail(traits.error().kind,
                fmt::format("{} is no model: {}.", path.string(), traits.error().message));
  }
  if (has_a_choice(*traits)) {
    FURROW_TRY(const auto predicts_v, weights::predicts_v_by_yaml(path));
    if (predicts_v) take_prediction(*predicts_v ? Prediction::V : Prediction::Epsilon, *traits);
    traits->default_size = default_size_of(traits->family, traits->prediction);
  }
  return ModelFile{*std::move(traits), std::move(file)};
}

}  // namespace furrow::model
