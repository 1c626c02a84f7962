#include "common/weights/original_config.h"

#include <string>
#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "common/base/files.h"

namespace furrow::engine::weights {

namespace {

/// Larger ones are no configs of models.
constexpr std::uintmax_t kMostYamlBytes = 1 << 20;

std::string text_of(const YAML::Node& node) {
  return node && node.IsScalar() ? node.Scalar() : std::string();
}

YAML::Node below(const YAML::Node& node, const char* key) {
  return node && node.IsMap() ? node[key] : YAML::Node();
}

std::optional<bool> predicts_v(const YAML::Node& config) {
  const auto params = below(below(config, "model"), "params");
  const auto parameterization = text_of(below(params, "parameterization"));
  if (!parameterization.empty()) return parameterization == "v";
  const auto denoiser = below(below(params, "denoiser_config"), "params");
  const auto scaling = text_of(below(below(denoiser, "scaling_config"), "target"));
  if (scaling.ends_with("VScaling")) return true;
  return scaling.ends_with("EpsScaling") ? std::optional(false) : std::nullopt;
}

}  // namespace

Result<std::optional<bool>> predicts_v_by_yaml(const std::filesystem::path& checkpoint) {
  const auto path = std::filesystem::path(checkpoint).replace_extension(".yaml");
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return std::optional<bool>();
  if (size > kMostYamlBytes) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("{} is too large to be a model's config. Move it away.", path.string()));
  }
  FURROW_TRY(const auto text, read_file(path));
  try {
    return predicts_v(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return fail(ErrorKind::Invalid, fmt::format("{} is no config of a model: {}. Mend it or move "
                                                "it away.",
                                                path.string(), e.what()));
  }
}

}  // namespace furrow::engine::weights
