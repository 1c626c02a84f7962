#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "furrow/v1/engine.pb.h"

namespace furrow::engine {

/// Why an attempt failed, as the agent is told.
struct Failure {
  v1::FailureClass kind = v1::FAILURE_CLASS_INTERNAL;
  std::string detail;   ///< a sentence for people
  bool shared = false;  ///< several cells failed of it together
};

/// What an expected error of loading or preparing means for the attempt.
Failure failure_of(const Error& error);

/// The same for an error of loading a model: this machine has it missing or broken, another may
/// not.
Failure failure_of_loading(const Error& error);

/// The memory of the device or of the machine was full "while <doing>".
Failure out_of_memory(std::string_view doing);

/// Runs `work`, the edge at which exceptions of libtorch and the standard library end.
/// Returns nothing when it went well; otherwise what happened "while <doing>".
std::optional<Failure> failure_while(std::string_view doing, const std::function<void()>& work);

}  // namespace furrow::engine
