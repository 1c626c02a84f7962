#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/arguments.h"

namespace furrow::cli {

enum class Health { Ok, Warn, Fail };

/// One thing that was looked at.
struct Check {
  std::string name;  ///< "data folder"
  Health health = Health::Ok;
  std::string found;   ///< what is the case
  std::string advice;  ///< what to do about it; empty when nothing is to be done
};

/// Looks at this machine, layer by layer, from the disk up to the connected workers. What a layer
/// above cannot be asked without a layer below is left out, so the first failure is the one to
/// mend.
std::vector<Check> check_everything(const Arguments& arguments);

std::vector<Check> check_disk(const std::filesystem::path& data);
std::vector<Check> check_programs(const std::filesystem::path& folder);
std::vector<Check> check_models(const std::filesystem::path& data);
std::vector<Check> check_system();
/// The address file, the ports, the protocol, the workers.
std::vector<Check> check_coordinator(const Arguments& arguments);

}  // namespace furrow::cli
