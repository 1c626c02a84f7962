#pragma once

#include <cstdint>
#include <optional>

namespace furrow::worker::probe {

/// Copies memory that no cache holds on `threads` threads for up to 0.3 s and returns the best
/// pass' bytes per second, read plus written. Nothing when `available_bytes` are too few to do so.
std::optional<double> measure_copy_bandwidth(int threads, std::uint64_t available_bytes);

}  // namespace furrow::worker::probe
