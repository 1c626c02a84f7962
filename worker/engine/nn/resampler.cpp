#include "worker/engine/nn/resampler.h"

#include <cstddef>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

constexpr double kNormEps = 1e-5;
// In no file: every published one was trained with it.
constexpr std::int64_t kHeadWidth = 64;

}  // namespace

Result<ResamplerConfig> ResamplerConfig::read(const weights::Checkpoint& checkpoint,
                                              const std::string& prefix) {
  bool is_whole = true;
  const auto size = [&](const std::string& name, std::size_t dimension) -> std::int64_t {
    const auto* entry = checkpoint.find(prefix + name);
    if (entry != nullptr && dimension < entry->tensor.shape.size()) {
      return entry->tensor.shape[dimension];
    }
    is_whole = false;
    return 1;
  };
  ResamplerConfig c;
  c.embedding = size("proj_in.weight", 1);
  c.tokens = size("latents", 1);
  c.width = size("latents", 2);
  c.out_width = size("proj_out.weight", 0);
  c.inner = size("layers.0.0.to_q.weight", 0);
  c.expanded = size("layers.0.1.1.weight", 0);
  while (checkpoint.find(fmt::format("{}layers.{}.0.to_q.weight", prefix, c.layers)) != nullptr) {
    ++c.layers;
  }
  if (is_whole && c.inner % kHeadWidth == 0) return c;
  return fail(ErrorKind::Invalid, fmt::format("{} has no resampler that is known here under {}.",
                                              checkpoint.path().string(), prefix));
}

ResamplerLayer::ResamplerLayer(const weights::Scope& scope, const ResamplerConfig& c)
    : norm1(scope / 0 / "norm1", c.width, kNormEps),
      norm2(scope / 0 / "norm2", c.width, kNormEps),
      to_q(scope / 0 / "to_q", c.width, c.inner, Bias::Without),
      to_kv(scope / 0 / "to_kv", c.width, 2 * c.inner, Bias::Without),
      to_out(scope / 0 / "to_out", c.inner, c.width, Bias::Without),
      mlp_norm(scope / 1 / 0, c.width, kNormEps),
      mlp_in(scope / 1 / 1, c.width, c.expanded, Bias::Without),
      mlp_out(scope / 1 / 3, c.expanded, c.width, Bias::Without) {}

at::Tensor ResamplerLayer::forward(const at::Tensor& states, const at::Tensor& tokens) const {
  const auto normed = norm2.forward(tokens);
  const auto queries = to_q.forward(normed);
  const auto seen = to_kv.forward(at::cat({norm1.forward(states), normed}, 1)).chunk(2, -1);
  const auto heads = queries.size(-1) / kHeadWidth;
  const auto h =
      to_out.forward(attention(queries, seen[0].contiguous(), seen[1].contiguous(), heads)) +
      tokens;
  return mlp_out.forward(at::gelu(mlp_in.forward(mlp_norm.forward(h)))).add_(h);
}

Resampler::Resampler(const weights::Scope& scope, const ResamplerConfig& c)
    : latents(scope.required("latents", {1, c.tokens, c.width})),
      proj_in(scope / "proj_in", c.embedding, c.width),
      proj_out(scope / "proj_out", c.width, c.out_width),
      norm_out(scope / "norm_out", c.out_width, kNormEps) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.layers); ++i) {
    layers.emplace_back(scope / "layers" / i, c);
  }
}

at::Tensor Resampler::forward(const at::Tensor& states) const {
  TORCH_CHECK_VALUE(states.dim() == 3, "the resampler takes states [B, T, E], got ",
                    states.sizes());
  const auto seen = proj_in.forward(states);
  auto tokens = latents.get().expand({states.size(0), -1, -1});
  for (const auto& layer : layers) tokens = layer.forward(seen, tokens);
  return norm_out.forward(proj_out.forward(tokens));
}

}  // namespace furrow::engine::nn
