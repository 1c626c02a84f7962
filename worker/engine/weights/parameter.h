#pragma once

#include <utility>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// Where and in which precision a model computes.
struct Placement {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
};

/// One weight, as the modules of nn/ hold it: the only door between how a weight is kept and what
/// an operator takes. Quantisation, offload and LoRA change what lies behind get(); no module
/// notices.
///
/// Now a weight is resident: converted once when it is loaded, kept on the device.
class Parameter {
 public:
  /// Absent: the module has no such weight (a linear without bias).
  Parameter() = default;

  /// `value` is in the dtype and on the device that the model computes in; `stored` is what the
  /// checkpoint has.
  Parameter(at::Tensor value, Dtype stored) : value_(std::move(value)), stored_(stored) {}

  bool is_present() const { return value_.defined(); }

  /// The weight, ready for an operator. Undefined when absent, which operators take as "no bias".
  /// Cheap: call it at every use and keep nothing of it.
  const at::Tensor& get() const { return value_; }

  Dtype stored_dtype() const { return stored_; }

 private:
  at::Tensor value_;
  Dtype stored_ = Dtype::F32;
};

}  // namespace furrow::engine::weights
