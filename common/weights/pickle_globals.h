#pragma once

#include <optional>
#include <string_view>

#include "common/weights/safetensors.h"

namespace furrow::engine::weights {

/// What a pickle may name, and nothing else: functions and types that build tensors, storages and
/// containers. None of them is run; each stands for something that we build ourselves.
struct PickleGlobal {
  enum class Kind {
    OrderedDict,  ///< collections.OrderedDict
    Size,         ///< torch.Size, a tuple
    Tensor,       ///< torch._utils._rebuild_tensor and _rebuild_tensor_v2
    Parameter,    ///< torch._utils._rebuild_parameter, a tensor that was trained
    Storage,      ///< torch.FloatStorage and its like
  };

  Kind kind = Kind::OrderedDict;
  Dtype dtype = Dtype::F32;  ///< of a Storage's elements

  bool operator==(const PickleGlobal&) const = default;
};

/// Nothing: the name is not allowed.
std::optional<PickleGlobal> find_pickle_global(std::string_view module, std::string_view name);

}  // namespace furrow::engine::weights
