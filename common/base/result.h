#pragma once

#include <string>
#include <utility>
#include <variant>

#include "common/base/check.h"

namespace furrow {

/// What kind of expected failure happened; the exit codes of the programs follow from it.
enum class ErrorKind {
  Internal,     ///< a bug, or the machine refused something it never should
  Invalid,      ///< the input cannot be understood or used as it is
  NotFound,     ///< no such job, cell, file, model
  NotAllowed,   ///< permission
  Unreachable,  ///< nobody answers
  Timeout,      ///< somebody answers too late
  Conflict,     ///< the thing is not in a state for this
  OutOfMemory,  ///< of the device or the host; the scheduler can act on it
  Io,           ///< disk or network
  Cancelled,    ///< stopped on request
};

/// An expected failure, told to people: what, where, and what to do next, in whole sentences.
/// Several faults of one input are joined by newlines.
struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;

  bool operator==(const Error&) const = default;
};

/// Wraps an error on its way into a Result, as std::unexpected does.
class Unexpected {
 public:
  explicit Unexpected(Error error) : error_(std::move(error)) {}

  const Error& error() const& { return error_; }

  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
};

inline Unexpected fail(ErrorKind kind, std::string message) {
  return Unexpected(Error{kind, std::move(message)});
}

/// A value or the Error that stood in its way. The names are std::expected's, so that it can be
/// swapped in later.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  Result(Unexpected unexpected) : state_(std::in_place_index<1>, std::move(unexpected).error()) {}

  bool has_value() const { return state_.index() == 0; }

  explicit operator bool() const { return has_value(); }

  T& value() & {
    check();
    return *std::get_if<0>(&state_);
  }

  const T& value() const& {
    check();
    return *std::get_if<0>(&state_);
  }

  T&& value() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }

  T& operator*() & { return value(); }

  const T& operator*() const& { return value(); }

  T&& operator*() && { return std::move(*this).value(); }

  T* operator->() { return &value(); }

  const T* operator->() const { return &value(); }

  const Error& error() const {
    FURROW_CHECK(!has_value(), "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }

  /// The error, wrapped again to be returned from a function with another value type.
  Unexpected unexpected() const { return Unexpected(error()); }

 private:
  void check() const {
    if (!has_value()) check_failed("Result holds a value", __FILE__, __LINE__, error().message);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;

  Result(Unexpected unexpected) : error_(std::move(unexpected).error()), failed_(true) {}

  bool has_value() const { return !failed_; }

  explicit operator bool() const { return has_value(); }

  void value() const { FURROW_CHECK(!failed_, error_.message); }

  const Error& error() const {
    FURROW_CHECK(failed_, "error() of a Result that holds a value");
    return error_;
  }

  Unexpected unexpected() const { return Unexpected(error()); }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace furrow

/// Evaluates `expression`, a Result, and returns its error from the calling function if it holds
/// one. The value, if any, is bound to `declaration`.
#define FURROW_TRY(declaration, expression) FURROW_TRY_NAMED(declaration, expression, __LINE__)
#define FURROW_TRY_NAMED(declaration, expression, line) \
  FURROW_TRY_STEP(declaration, expression, line)
#define FURROW_TRY_STEP(declaration, expression, line)           \
  auto furrow_try_##line = (expression);                         \
  if (!furrow_try_##line) return furrow_try_##line.unexpected(); \
  declaration = *std::move(furrow_try_##line)

/// The same for a Result<void>, or when the value does not matter.
#define FURROW_TRY_VOID(expression)                                \
  do {                                                             \
    auto furrow_try_result = (expression);                         \
    if (!furrow_try_result) return furrow_try_result.unexpected(); \
  } while (false)
