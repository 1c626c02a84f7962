#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output/console.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

/// A table of workers: one row a device, what it does, when it was last heard.
std::string worker_table(const std::vector<v1::WorkerView>& workers, std::int64_t now_unix_ms,
                         const Terminal& terminal);

}  // namespace furrow::cli
