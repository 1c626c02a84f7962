#pragma once

#include <stdexcept>
#include <utility>

#include "common/base/result.h"

namespace furrow::golden {

/// Throws std::runtime_error with the sentence of an error, which the runner turns into a FAIL.
template <typename T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

inline void or_throw(Result<void> result) {
  if (!result) throw std::runtime_error(result.error().message);
}

}  // namespace furrow::golden
