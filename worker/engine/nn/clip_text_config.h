#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// What a CLIP text encoder's config.json says, with transformers' defaults for what it leaves out.
struct ClipTextConfig {
  std::int64_t vocab_size = 49408;
  std::int64_t hidden_size = 512;
  std::int64_t intermediate_size = 2048;
  std::int64_t projection_dim = 512;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 8;
  std::int64_t max_position_embeddings = 77;
  Activation hidden_act = Activation::QuickGelu;
  double layer_norm_eps = 1e-5;
  std::int64_t eos_token_id = 49407;  ///< 2 means: the highest id of the text
  bool has_projection = false;        ///< CLIPTextModelWithProjection

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<ClipTextConfig> read(const nlohmann::json& config);

  /// What the config asks for that this encoder does not do. Empty: read() fails on it only if it
  /// is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
