#pragma once

#include <optional>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace furrow::engine::nn {

enum class Activation { None, Silu, Gelu, GeluTanh, QuickGelu, Relu, Mish };

/// By its name in a config.json; there is none for None ("silu", "swish", "gelu", "gelu_new",
/// "gelu_pytorch_tanh", "quick_gelu", "relu", "mish").
std::optional<Activation> find_activation(std::string_view name);

/// Elementwise; shape and dtype stay.
at::Tensor activate(Activation activation, const at::Tensor& x);

}  // namespace furrow::engine::nn
