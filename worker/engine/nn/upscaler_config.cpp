#include "worker/engine/nn/upscaler_config.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace furrow::engine::nn {

namespace {

using nlohmann::json;
using weights::Checkpoint;

constexpr std::int64_t kMaxUnshuffle = 8;

Unexpected invalid(const Checkpoint& checkpoint, std::string_view what) {
  return fail(ErrorKind::Invalid, fmt::format("{} {}", checkpoint.path().string(), what));
}

bool has(const Checkpoint& checkpoint, const std::string& name) {
  return checkpoint.find(name) != nullptr;
}

// A convolution's channels.
struct Channels {
  std::int64_t out;
  std::int64_t in;
};

// Nothing: there is no such convolution.
std::optional<Channels> channels_of(const Checkpoint& checkpoint, const std::string& layer) {
  const auto* entry = checkpoint.find(layer + ".weight");
  if (entry == nullptr || entry->tensor.shape.size() != 4) return std::nullopt;
  return Channels{entry->tensor.shape[0], entry->tensor.shape[1]};
}

// The whole root of a square; nothing: it is none.
std::optional<std::int64_t> root_of(std::int64_t whole, std::int64_t part) {
  if (part < 1 || whole < 1 || whole % part != 0) return std::nullopt;
  for (std::int64_t side = 1; side <= kMaxUnshuffle; ++side) {
    if (side * side == whole / part) return side;
  }
  return std::nullopt;
}

template <typename Name>
std::int64_t count_layers(const Checkpoint& checkpoint, std::int64_t first, Name name) {
  std::int64_t count = 0;
  while (has(checkpoint, name(first + count))) ++count;
  return count;
}

Result<RrdbNetConfig> find_rrdb_net(const Checkpoint& checkpoint) {
  const auto first = channels_of(checkpoint, "conv_first");
  const auto last = channels_of(checkpoint, "conv_last");
  const auto dense = channels_of(checkpoint, "body.0.rdb1.conv1");
  if (!first || !last || !dense) {
    return invalid(checkpoint, "is an ESRGAN network without its first or last layers.");
  }
  RrdbNetConfig c;
  c.channels = first->out;
  c.out_channels = last->out;
  c.in_channels = last->out;
  c.growth = dense->out;
  c.blocks = count_layers(
      checkpoint, 0, [](std::int64_t i) { return fmt::format("body.{}.rdb1.conv1.weight", i); });
  c.doublings = count_layers(checkpoint, 1,
                             [](std::int64_t i) { return fmt::format("conv_up{}.weight", i); });
  const auto unshuffle = root_of(first->in, c.in_channels);
  if (!unshuffle || (std::int64_t{1} << c.doublings) % *unshuffle != 0) {
    return invalid(checkpoint,
                   fmt::format("makes {} channels of {} by {} doublings, which is no upscaler that "
                               "is known here.",
                               c.out_channels, first->in, c.doublings));
  }
  c.unshuffle = *unshuffle;
  return c;
}

Result<SrvggNetConfig::Activation> read_activation(const Checkpoint& checkpoint,
                                                   const json& config) {
  using Activation = SrvggNetConfig::Activation;
  if (has(checkpoint, "body.1.weight")) return Activation::Prelu;
  const auto type = config.is_object() ? config.value("act_type", json()) : json();
  if (type == "relu") return Activation::Relu;
  if (type == "leakyrelu") return Activation::LeakyRelu;
  return invalid(checkpoint,
                 "does not tell its activation. Put it as model.safetensors into a folder with a "
                 "config.json that has \"act_type\" \"relu\" or \"leakyrelu\".");
}

Result<SrvggNetConfig> find_srvgg_net(const Checkpoint& checkpoint, const json& config) {
  SrvggNetConfig c;
  // Activations have the odd numbers, with or without weights.
  const auto convs = count_layers(
      checkpoint, 0, [](std::int64_t i) { return fmt::format("body.{}.weight", 2 * i); });
  const auto first = channels_of(checkpoint, "body.0");
  const auto last = channels_of(checkpoint, fmt::format("body.{}", 2 * (convs - 1)));
  const auto scale = first && last ? root_of(last->out, first->in) : std::nullopt;
  if (convs < 2 || !scale) return invalid(checkpoint, "is no upscaler that is known here.");
  c.in_channels = first->in;
  c.channels = first->out;
  c.layers = convs - 2;
  c.scale = *scale;
  FURROW_TRY(c.activation, read_activation(checkpoint, config));
  return c;
}

struct Claim {
  const char* key;
  json found;
};

Result<void> check_claims(const Checkpoint& checkpoint, const json& config,
                          const std::vector<Claim>& claims) {
  if (!config.is_object()) return {};
  std::vector<std::string> faults;
  for (const auto& claim : claims) {
    const auto value = config.value(claim.key, json());
    if (value.is_null() || value == claim.found) continue;
    faults.push_back(
        fmt::format("{} {} and the weights {}", claim.key, value.dump(), claim.found.dump()));
  }
  if (faults.empty()) return {};
  return invalid(checkpoint, fmt::format("does not fit the config.json beside it, which says {}.",
                                         fmt::join(faults, "; ")));
}

}  // namespace

Result<UpscalerConfig> read_upscaler_config(const Checkpoint& checkpoint, const json& config) {
  if (has(checkpoint, "conv_first.weight")) {
    FURROW_TRY(const auto c, find_rrdb_net(checkpoint));
    FURROW_TRY_VOID(check_claims(checkpoint, config,
                                 {{"architecture", "RRDBNet"},
                                  {"num_in_ch", c.in_channels},
                                  {"num_out_ch", c.out_channels},
                                  {"num_feat", c.channels},
                                  {"num_block", c.blocks},
                                  {"num_grow_ch", c.growth},
                                  {"scale", c.scale()}}));
    return UpscalerConfig(c);
  }
  if (has(checkpoint, "body.0.weight")) {
    FURROW_TRY(const auto c, find_srvgg_net(checkpoint, config));
    FURROW_TRY_VOID(check_claims(checkpoint, config,
                                 {{"architecture", "SRVGGNetCompact"},
                                  {"num_in_ch", c.in_channels},
                                  {"num_out_ch", c.in_channels},
                                  {"num_feat", c.channels},
                                  {"num_conv", c.layers},
                                  {"upscale", c.scale}}));
    return UpscalerConfig(c);
  }
  return invalid(checkpoint,
                 "is no upscaler that is known here: it has neither ESRGAN's "
                 "conv_first nor the compact network's body.0.");
}

}  // namespace furrow::engine::nn
