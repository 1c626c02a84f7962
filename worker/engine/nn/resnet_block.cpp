#include "worker/engine/nn/resnet_block.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

ResnetBlock::ResnetBlock(const weights::Scope& scope, const ResnetShape& shape)
    : norm1(scope / "norm1", shape.in, shape.groups, shape.eps),
      conv1(scope / "conv1", {.in = shape.in, .out = shape.out}),
      norm2(scope / "norm2", shape.out, shape.groups, shape.eps),
      conv2(scope / "conv2", {.in = shape.out, .out = shape.out}),
      activation(shape.activation),
      output_scale(shape.output_scale) {
  if (shape.time_dim > 0) time_emb_proj.emplace(scope / "time_emb_proj", shape.time_dim, shape.out);
  if (shape.in != shape.out) {
    conv_shortcut.emplace(
        scope / "conv_shortcut",
        ConvShape{.in = shape.in, .out = shape.out, .kernel = 1, .stride = 1, .padding = 0});
  }
}

at::Tensor ResnetBlock::forward(const at::Tensor& x, const at::Tensor& time) const {
  auto h = conv1.forward(norm1.forward(x, activation));
  if (time_emb_proj) h = h.add_(time_emb_proj->forward(time).unsqueeze(-1).unsqueeze(-1));
  h = conv2.forward(norm2.forward(h, activation));
  h = h.add_(conv_shortcut ? conv_shortcut->forward(x) : x);
  return output_scale == 1 ? h : h.div_(output_scale);
}

}  // namespace furrow::engine::nn
