#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/model_index.h"

namespace furrow::model {

/// What the headers of a model's weights say beyond its traits.
struct ModelDetails {
  std::uint64_t tensors = 0;
  std::uint64_t parameters = 0;                    ///< elements of all tensors
  std::map<std::string, std::uint64_t> precision;  ///< elements by type: "F16", "F32"
  /// Of a checkpoint in one file: tensors that belong to nothing that is known.
  std::vector<std::string> unknown;
  std::map<std::string, std::string> metadata;  ///< of a single file's header, whole
};

/// Errors: as of opening its files.
Result<ModelDetails> read_details(const FoundModel& model);

}  // namespace furrow::model
