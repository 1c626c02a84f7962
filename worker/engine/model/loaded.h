#pragma once

#include <memory>

#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine {

/// A network and the names of its weights, for LoRAs to be applied to.
template <typename Net>
struct Loaded {
  std::unique_ptr<Net> net;
  weights::ParameterTable parameters;

  const Net* operator->() const { return net.get(); }

  const Net& operator*() const { return *net; }
};

}  // namespace furrow::engine
