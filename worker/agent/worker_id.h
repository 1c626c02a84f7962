#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"

namespace furrow::worker {

/// Who this worker is for good: the UUID in `file`, drawn and kept there the first time. A file
/// that holds something else is replaced.
Result<std::string> worker_id(const std::filesystem::path& file);

}  // namespace furrow::worker
