#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/weights/safetensors.h"

namespace furrow::golden {

/// A value passes when abs(got - expected) <= atol + rtol * abs(expected).
struct Tolerance {
  double atol = 0;
  double rtol = 0;
};

/// One golden case: what to compute, from which inputs, and what the reference got.
///
/// The accessors throw std::runtime_error with a sentence when the case lacks what is asked for:
/// the runner turns every exception into a FAIL.
struct Case {
  std::string name;  ///< FAMILY/CASE
  std::string family;
  nlohmann::json config;         ///< arguments and settings of this case
  Tolerance tolerance;           ///< the case's own
  nlohmann::json description;    ///< the whole case.json, for what has no member here
  std::filesystem::path folder;  ///< of this case
  std::filesystem::path root;    ///< what paths in the case are relative to

  /// A copy on the CPU in the stored dtype.
  at::Tensor tensor(std::string_view tensor_name) const;
  bool has(std::string_view tensor_name) const;
  /// The names of the tensors that begin with `prefix` ("out."), sorted.
  std::vector<std::string> tensor_names(std::string_view prefix) const;
  /// The folder of the model in this role ("unet").
  std::filesystem::path model(std::string_view role) const;
  bool has_model(std::string_view role) const;
  /// The config.json of the model in this role.
  nlohmann::json model_config(std::string_view role) const;
  /// A file of the case's folder, parsed.
  nlohmann::json read_json(std::string_view file) const;

  /// Reads a folder with a case.json. `root` as in find_cases.
  static Result<Case> read(const std::filesystem::path& folder, const std::filesystem::path& root);

 private:
  std::vector<engine::weights::SafetensorsFile> tensors_;  // none or one
};

/// Where a case is, before it is read.
struct CaseFolder {
  std::string name;
  std::filesystem::path folder;
  std::filesystem::path root;
};

/// The cases of a folder: those of its index.json or, without one, every folder below it with a
/// case.json. Errors: Invalid or NotFound, also when there is none.
Result<std::vector<CaseFolder>> find_cases(const std::filesystem::path& folder);

}  // namespace furrow::golden
