#include "worker/engine/nn/ip_adapter.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::nn {

namespace {

constexpr double kNormEps = 1e-5;
constexpr std::string_view kLayers = "ip_adapter.";
constexpr std::string_view kKeys = ".to_k_ip.weight";

using ImageProj = decltype(IpAdapter::image_proj);

ImageProj make_image_proj(const weights::Scope& scope, const IpAdapterConfig& config) {
  if (const auto* linear = std::get_if<LinearImageProjection::Config>(&config.image_proj)) {
    return LinearImageProjection(scope, *linear);
  }
  if (const auto* mlp = std::get_if<MlpImageProjection::Config>(&config.image_proj)) {
    return MlpImageProjection(scope, *mlp);
  }
  return Resampler(scope, std::get<ResamplerConfig>(config.image_proj));
}

// K and the shape of "ip_adapter.K.to_k_ip.weight"; nothing: another name.
std::optional<std::int64_t> layer_number(std::string_view name) {
  const bool is_layer = name.size() > kLayers.size() + kKeys.size() &&
                        name.substr(0, kLayers.size()) == kLayers &&
                        name.substr(name.size() - kKeys.size()) == kKeys;
  if (!is_layer) return std::nullopt;
  name.remove_prefix(kLayers.size());
  name.remove_suffix(kKeys.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

// The shape of a matrix; nothing: there is no such one.
std::optional<std::pair<std::int64_t, std::int64_t>> matrix(const weights::Checkpoint& checkpoint,
                                                            const char* name) {
  const auto* entry = checkpoint.find(name);
  if (entry == nullptr || entry->tensor.shape.size() != 2) return std::nullopt;
  return std::pair(entry->tensor.shape[0], entry->tensor.shape[1]);
}

}  // namespace

LinearImageProjection::LinearImageProjection(const weights::Scope& scope, const Config& c)
    : config(c),
      proj(scope / "proj", c.embedding, c.tokens * c.width),
      norm(scope / "norm", c.width, kNormEps) {}

at::Tensor LinearImageProjection::forward(const at::Tensor& embedding) const {
  TORCH_CHECK_VALUE(embedding.dim() == 2 && embedding.size(1) == config.embedding,
                    "the IP-Adapter takes embeddings [B, N, ", config.embedding,
                    "], got for each picture ", embedding.sizes().slice(1));
  return norm.forward(
      proj.forward(embedding).view({embedding.size(0), config.tokens, config.width}));
}

MlpImageProjection::MlpImageProjection(const weights::Scope& scope, const Config& c)
    : proj_0(scope / "proj" / 0, c.embedding, c.embedding),
      proj_2(scope / "proj" / 2, c.embedding, c.width),
      proj_3(scope / "proj" / 3, c.width, kNormEps) {}

at::Tensor MlpImageProjection::forward(const at::Tensor& states) const {
  TORCH_CHECK_VALUE(states.dim() == 3,
                    "the IP-Adapter takes states [B, N, T, E], got for each "
                    "picture ",
                    states.sizes().slice(1));
  return proj_3.forward(proj_2.forward(at::gelu(proj_0.forward(states))));
}

Result<IpAdapterConfig> IpAdapterConfig::read(const weights::Checkpoint& checkpoint) {
  const auto invalid = [&](std::string_view what) {
    return fail(ErrorKind::Invalid, fmt::format("{} is no IP-Adapter that is known here: {}.",
                                                checkpoint.path().string(), what));
  };
  IpAdapterConfig c;
  std::vector<std::pair<std::int64_t, std::int64_t>> layers;
  for (const auto& [name, entry] : checkpoint.entries()) {
    const auto number = layer_number(name);
    if (number && entry.tensor.shape.size() == 2) {
      layers.emplace_back(*number, entry.tensor.shape[0]);
      c.token_width = entry.tensor.shape[1];
    }
  }
  if (layers.empty()) return invalid("it has no ip_adapter.1.to_k_ip.weight and its like");
  std::sort(layers.begin(), layers.end());
  for (const auto& [number, width] : layers) {
    c.layer_numbers.push_back(number);
    c.layer_widths.push_back(width);
  }

  const auto linear = matrix(checkpoint, "image_proj.proj.weight");
  const auto mlp = matrix(checkpoint, "image_proj.proj.0.weight");
  if (checkpoint.find("image_proj.latents") != nullptr) {
    FURROW_TRY(c.image_proj, ResamplerConfig::read(checkpoint, "image_proj."));
  } else if (linear && linear->first % std::max<std::int64_t>(c.token_width, 1) == 0) {
    c.image_proj = LinearImageProjection::Config{.embedding = linear->second,
                                                 .tokens = linear->first / c.token_width,
                                                 .width = c.token_width};
  } else if (mlp) {
    c.image_proj = MlpImageProjection::Config{.embedding = mlp->second, .width = c.token_width};
  } else {
    return invalid("it has no projection image_proj of a known kind");
  }
  return c;
}

IpAdapter::IpAdapter(const weights::Scope& scope, const IpAdapterConfig& c)
    : image_proj(make_image_proj(scope / "image_proj", c)) {
  for (std::size_t i = 0; i < c.layer_numbers.size(); ++i) {
    const auto place = scope / "ip_adapter" / static_cast<std::size_t>(c.layer_numbers[i]);
    layers.push_back({Linear(place / "to_k_ip", c.token_width, c.layer_widths[i], Bias::Without),
                      Linear(place / "to_v_ip", c.token_width, c.layer_widths[i], Bias::Without)});
  }
}

at::Tensor IpAdapter::tokens(const at::Tensor& embeddings) const {
  TORCH_CHECK_VALUE(embeddings.dim() >= 3, "the IP-Adapter takes embeddings [B, N, ...], got ",
                    embeddings.sizes());
  const auto dtype = layers.front().to_k_ip.weight.dtype();
  const auto pictures = embeddings.flatten(0, 1).to(dtype);
  const auto tokens =
      std::visit([&](const auto& projection) { return projection.forward(pictures); }, image_proj);
  return tokens.unflatten(0, {embeddings.size(0), embeddings.size(1)});
}

ImagePrompt IpAdapter::prompt(const at::Tensor& tokens, double scale) const {
  TORCH_CHECK_VALUE(tokens.dim() == 4, "the IP-Adapter's tokens are [B, N, T, D], got ",
                    tokens.sizes());
  const auto all = tokens.flatten(1, 2);
  ImagePrompt prompt;
  for (const auto& layer : layers) {
    prompt.layers.push_back({layer.to_k_ip.forward(all), layer.to_v_ip.forward(all) * scale});
  }
  return prompt;
}

}  // namespace furrow::engine::nn
