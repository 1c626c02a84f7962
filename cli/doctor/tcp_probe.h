#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"

namespace furrow::cli {

/// Whether a TCP connection to "tcp://host:port" comes about within `patience`. Errors: Invalid, an
/// address that is none; Unreachable, with the system's reason ("Connection refused").
Result<void> probe_tcp(const std::string& endpoint, std::chrono::milliseconds patience);

}  // namespace furrow::cli
