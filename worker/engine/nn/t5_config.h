#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// What a T5 encoder's config.json says, with transformers' defaults for what it leaves out.
struct T5Config {
  std::int64_t vocab_size = 32128;
  std::int64_t d_model = 512;
  std::int64_t d_kv = 64;  ///< per head; the heads together may be wider than d_model
  std::int64_t d_ff = 2048;
  std::int64_t num_layers = 6;
  std::int64_t num_heads = 8;
  std::int64_t relative_attention_num_buckets = 32;
  std::int64_t relative_attention_max_distance = 128;
  double layer_norm_epsilon = 1e-6;
  Activation activation = Activation::Relu;
  bool is_gated = false;  ///< T5 1.1: "gated-gelu"

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<T5Config> read(const nlohmann::json& config);

  /// What the config asks for that this encoder does not do. Empty: read() fails on it only if it
  /// is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
