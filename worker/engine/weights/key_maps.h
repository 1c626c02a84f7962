#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace furrow::engine::weights {

/// Turns a name in a checkpoint into the name of the member that it loads into. The members have
/// the names of today's diffusers folders; a map is for files that were written otherwise.
using KeyMap = std::function<std::string(std::string_view stored_name)>;

std::string same_key(std::string_view stored_name);

/// Text encoders, with or without "text_model." before the names (transformers before 5, and
/// since).
std::string clip_text_key(std::string_view stored_name);

/// VAEs whose attention is named query, key, value, proj_attn (diffusers before 0.15).
std::string autoencoder_key(std::string_view stored_name);

/// The two files of the original TAESD: numbers of layers, which are one too high in the decoder,
/// whose first layer clamps and has no weights.
std::string taesd_encoder_key(std::string_view stored_name);
std::string taesd_decoder_key(std::string_view stored_name);

}  // namespace furrow::engine::weights
