#include "worker/engine/failure.h"

#include <new>
#include <string_view>

#include <c10/util/Exception.h>
#include <fmt/format.h>

namespace furrow::engine {

namespace {

v1::FailureClass class_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
    case ErrorKind::NotFound:
    case ErrorKind::NotAllowed:
      return v1::FAILURE_CLASS_INPUT;
    case ErrorKind::OutOfMemory:
      return v1::FAILURE_CLASS_OOM;
    case ErrorKind::Io:
      return v1::FAILURE_CLASS_IO;
    case ErrorKind::Timeout:
      return v1::FAILURE_CLASS_TIMEOUT;
    case ErrorKind::Cancelled:
      return v1::FAILURE_CLASS_CANCELLED;
    case ErrorKind::Internal:
    case ErrorKind::Unreachable:
    case ErrorKind::Conflict:
      return v1::FAILURE_CLASS_INTERNAL;
  }
  return v1::FAILURE_CLASS_INTERNAL;
}

/// libtorch says what went wrong only in words, except on a GPU that is full.
v1::FailureClass class_of(std::string_view what) {
  const auto says = [&](std::string_view words) { return what.find(words) != what.npos; };
  if (says("allocate memory") || says("not enough memory") || says("out of memory"))
    return v1::FAILURE_CLASS_OOM;
  if (says("CUDA error") || says("HIP error")) return v1::FAILURE_CLASS_GPU_FAULT;
  return v1::FAILURE_CLASS_INTERNAL;
}

Failure thrown(std::string_view doing, std::string_view what) {
  const v1::FailureClass kind = class_of(what);
  if (kind == v1::FAILURE_CLASS_OOM) return out_of_memory(doing);
  const std::string_view first_line = what.substr(0, what.find('\n'));
  return {kind, fmt::format("failed while {}: {}", doing, first_line)};
}

}  // namespace

Failure failure_of(const Error& error) {
  return {class_of(error.kind), error.message};
}

Failure failure_of_loading(const Error& error) {
  const v1::FailureClass kind = class_of(error.kind);
  return {kind == v1::FAILURE_CLASS_INPUT ? v1::FAILURE_CLASS_REJECTED : kind, error.message};
}

Failure out_of_memory(std::string_view doing) {
  return {v1::FAILURE_CLASS_OOM, fmt::format("out of memory while {}", doing)};
}

std::optional<Failure> failure_while(std::string_view doing, const std::function<void()>& work) {
  try {
    work();
    return std::nullopt;
  } catch (const c10::OutOfMemoryError&) {
    return out_of_memory(doing);
  } catch (const std::bad_alloc&) {
    return out_of_memory(doing);
  } catch (const c10::Error& error) {
    return thrown(doing, error.what_without_backtrace());
  } catch (const std::exception& error) {
    return thrown(doing, error.what());
  }
}

}  // namespace furrow::engine
