#include "worker/engine/nn/activation.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

std::optional<Activation> find_activation(std::string_view name) {
  if (name == "silu" || name == "swish") return Activation::Silu;
  if (name == "gelu") return Activation::Gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::GeluTanh;
  if (name == "quick_gelu") return Activation::QuickGelu;
  if (name == "relu") return Activation::Relu;
  if (name == "mish") return Activation::Mish;
  return std::nullopt;
}

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Silu:
      return at::silu(x);
    case Activation::Gelu:
      return at::gelu(x);
    case Activation::GeluTanh:
      return at::gelu(x, "tanh");
    case Activation::QuickGelu:
      return x * at::sigmoid(x * 1.702);
    case Activation::Relu:
      return at::relu(x);
    case Activation::Mish:
      return at::mish(x);
  }
  return x;
}

}  // namespace furrow::engine::nn
