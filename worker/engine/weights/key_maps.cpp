#include "worker/engine/weights/key_maps.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace furrow::engine::weights {

namespace {

constexpr std::string_view kTextModel = "text_model.";

// Old name of a projection → today's; both as whole parts of a name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kAttentionNames = {{
    {".query.", ".to_q."},
    {".key.", ".to_k."},
    {".value.", ".to_v."},
    {".proj_attn.", ".to_out.0."},
}};

}  // namespace

std::string same_key(std::string_view stored_name) {
  return std::string(stored_name);
}

std::string clip_text_key(std::string_view stored_name) {
  if (stored_name.substr(0, kTextModel.size()) == kTextModel) {
    stored_name.remove_prefix(kTextModel.size());
  }
  return std::string(stored_name);
}

std::string autoencoder_key(std::string_view stored_name) {
  std::string name(stored_name);
  for (const auto& [old_name, new_name] : kAttentionNames) {
    const auto at = name.find(old_name);
    if (at != std::string::npos) name.replace(at, old_name.size(), new_name);
  }
  return name;
}

std::string taesd_encoder_key(std::string_view stored_name) {
  return fmt::format("encoder.layers.{}", stored_name);
}

std::string taesd_decoder_key(std::string_view stored_name) {
  std::uint32_t layer = 0;
  const auto* end = stored_name.data() + stored_name.size();
  const auto [rest, error] = std::from_chars(stored_name.data(), end, layer);
  // Anything else has no place in the network, and is told so under its own name.
  if (error != std::errc() || layer == 0) return fmt::format("decoder.layers.{}", stored_name);
  return fmt::format("decoder.layers.{}{}", layer - 1, std::string_view(rest, end - rest));
}

}  // namespace furrow::engine::weights
