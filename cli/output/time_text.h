#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace furrow::cli {

/// "0.4s", "21s", "3m 05s", "2h 14m", "3d 4h": two units at most.
std::string duration_text(double seconds);

/// "2026-07-14T09:30:00.250Z" (RFC 3339, UTC) of Unix milliseconds.
std::string rfc3339(std::int64_t unix_ms);

/// "3m 05s ago" of a moment, or "never" for 0.
std::string ago_text(std::int64_t unix_ms, std::int64_t now_unix_ms);

/// "90", "90s", "1h 30m", "250ms", "2d": a bare number counts seconds. Errors: Invalid.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace furrow::cli
