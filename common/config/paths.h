#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace furrow::config {

/// The data folder: `flag` if given, else FURROW_DATA, else $XDG_DATA_HOME/furrow, else
/// ~/.local/share/furrow. It is not made here.
std::filesystem::path data_folder(const std::optional<std::filesystem::path>& flag);

/// Where furrow's own files are (models, …): ../share/furrow beside the program, installed or in a
/// build tree.
std::filesystem::path shared_folder();

/// The folders that hold model folders, in order: those of FURROW_MODELS (separated by colons),
/// DATA/models, and the embedded ones. Folders that do not exist are left out.
std::vector<std::filesystem::path> model_folders(const std::filesystem::path& data);

/// The name of the model that is used when none is named.
inline constexpr const char* kDefaultModel = "emoji-diffusion";

inline constexpr int kClientPort = 7710;
inline constexpr int kWorkerPort = 7711;
inline constexpr int kBlobPort = 7712;

/// Where a running coordinator listens; it leaves this in DATA/coordinator.json for clients on the
/// same machine.
struct Endpoints {
  std::string client;  ///< "tcp://127.0.0.1:7710"
  std::string worker;
  std::string blob;
  int pid = 0;

  bool operator==(const Endpoints&) const = default;
};

Result<void> write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints);
/// NotFound when there is none: no coordinator has run on this data folder.
Result<Endpoints> read_endpoints(const std::filesystem::path& data);

/// The client endpoint to dial: `flag` or FURROW_COORDINATOR ("host", "host:port" or
/// "tcp://host:port"), else what the data folder says, else the default port on loopback.
std::string client_endpoint(const std::optional<std::string>& flag,
                            const std::filesystem::path& data);

/// The worker endpoint that people mean by "host", "host:port" or "tcp://host:port". Without a
/// port, and with the clients' 7710, which FURROW_COORDINATOR often holds, it is 7711.
std::string worker_endpoint(std::string address);

}  // namespace furrow::config
