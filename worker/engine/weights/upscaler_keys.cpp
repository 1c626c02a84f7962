#include "worker/engine/weights/upscaler_keys.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace furrow::engine::weights {

namespace {

constexpr std::string_view kModel = "model.";
constexpr std::string_view kSub = "model.1.sub.";

// A number and what follows its dot.
struct Numbered {
  int number;
  std::string_view rest;
};

std::optional<Numbered> split_number(std::string_view text) {
  int number = 0;
  const auto* end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || dot == end || *dot != '.') return std::nullopt;
  return Numbered{number, std::string_view(dot + 1, static_cast<std::size_t>(end - dot - 1))};
}

// "RDB1.conv1.weight" or "RDB1.conv1.0.weight" to "rdb1.conv1.weight".
std::string dense_key(std::string_view name) {
  const auto rest = name.substr(3);
  const auto zero = rest.find(".0.");
  if (zero == std::string_view::npos) return fmt::format("rdb{}", rest);
  return fmt::format("rdb{}{}", rest.substr(0, zero), rest.substr(zero + 2));
}

// The layers behind the trunk: for each doubling an upsampling, a convolution and an activation;
// then a convolution, an activation and the last convolution.
std::string numbered_key(std::string_view name, int last_layer) {
  const auto layer = split_number(name.substr(kModel.size()));
  if (!layer) return std::string(name);
  const int doublings = (last_layer - 4) / 3;
  if (layer->number == 0) return fmt::format("conv_first.{}", layer->rest);
  if (layer->number == last_layer) return fmt::format("conv_last.{}", layer->rest);
  if (layer->number == last_layer - 2) return fmt::format("conv_hr.{}", layer->rest);
  if (layer->number % 3 == 0 && layer->number / 3 <= doublings) {
    return fmt::format("conv_up{}.{}", layer->number / 3, layer->rest);
  }
  return std::string(name);
}

std::string first_names_key(std::string_view name, int last_layer) {
  if (!name.starts_with(kSub)) return numbered_key(name, last_layer);
  const auto block = split_number(name.substr(kSub.size()));
  if (!block) return std::string(name);
  if (!block->rest.starts_with("RDB")) return fmt::format("conv_body.{}", block->rest);
  return fmt::format("body.{}.{}", block->number, dense_key(block->rest));
}

std::string second_names_key(std::string_view name) {
  constexpr std::string_view kTrunk = "RRDB_trunk.";
  if (name.starts_with(kTrunk)) {
    const auto block = split_number(name.substr(kTrunk.size()));
    if (!block || !block->rest.starts_with("RDB")) return std::string(name);
    return fmt::format("body.{}.{}", block->number, dense_key(block->rest));
  }
  if (name.starts_with("trunk_conv.")) return fmt::format("conv_body{}", name.substr(10));
  if (name.starts_with("HRconv.")) return fmt::format("conv_hr{}", name.substr(6));
  if (name.starts_with("upconv")) return fmt::format("conv_up{}", name.substr(6));
  return std::string(name);
}

}  // namespace

KeyMap upscaler_key_map(const std::vector<std::string>& stored_names) {
  int last_layer = -1;
  for (const auto& name : stored_names) {
    if (!name.starts_with(kModel)) continue;
    const auto layer = split_number(std::string_view(name).substr(kModel.size()));
    if (layer) last_layer = std::max(last_layer, layer->number);
  }
  if (last_layer < 0) return second_names_key;
  return [last_layer](std::string_view name) { return first_names_key(name, last_layer); };
}

}  // namespace furrow::engine::weights
