#pragma once

#include "common/base/result.h"

namespace furrow::config {

/// How every program of furrow ends.
enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,
  kExitUsage = 2,  ///< the command line or an input file cannot be understood
  kExitNotFound = 3,
  kExitNotAllowed = 4,
  kExitUnreachable = 5,  ///< no coordinator answers
  kExitTimeout = 6,
  kExitConflict = 7,
  kExitJobFailed = 8,
  kExitJobCancelled = 9,
  kExitInfeasible = 10,  ///< no enrolled worker can run it
  kExitInterrupted = 130,
};

constexpr ExitCode exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return kExitUsage;
    case ErrorKind::NotFound:
      return kExitNotFound;
    case ErrorKind::NotAllowed:
      return kExitNotAllowed;
    case ErrorKind::Unreachable:
      return kExitUnreachable;
    case ErrorKind::Timeout:
      return kExitTimeout;
    case ErrorKind::Conflict:
      return kExitConflict;
    case ErrorKind::Cancelled:
      return kExitInterrupted;
    case ErrorKind::Internal:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Io:
      return kExitError;
  }
  return kExitError;
}

}  // namespace furrow::config
