#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "worker/agent/engine_process.h"

namespace furrow::worker {

struct AgentOptions {
  std::filesystem::path data;  ///< identity and spool are kept in its folder `worker`
  std::string name;            ///< how people call this worker
  /// The worker port to dial; absent: what the data folder's coordinator.json says, waited for when
  /// it is not there yet and read again before every new connection.
  std::optional<std::string> coordinator;
  EngineCommand engine;
  std::vector<std::string> devices;
};

/// Runs the agent on the calling thread until SIGINT or SIGTERM, which end it in order: finished
/// pictures are delivered, the rest is given back, engines are stopped. A second signal ends it at
/// once. Requires: no other threads yet, for signals are taken by this one.
/// Errors: Conflict, another worker runs on this data folder; Io, the folder cannot be used.
Result<void> run_agent(const AgentOptions& options);

}  // namespace furrow::worker
