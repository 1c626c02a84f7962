#pragma once

#include <future>
#include <memory>
#include <thread>

#include <zmq.hpp>

#include "common/base/result.h"
#include "common/config/paths.h"
#include "common/model/model_index.h"
#include "coordinator/artifacts/folder_store.h"
#include "coordinator/net/blob_loop.h"
#include "coordinator/net/client_desk.h"
#include "coordinator/net/client_loop.h"
#include "coordinator/net/control_loop.h"
#include "coordinator/net/core_calls.h"
#include "coordinator/net/input_ledger.h"
#include "coordinator/net/traffic.h"
#include "coordinator/options.h"
#include "coordinator/store/store_thread.h"

namespace furrow {

/// A running coordinator: every part, built in order and stopped in reverse.
///
///   client thread → (calls) → control thread → (ops) → store thread
///   blob thread
///
/// While it lives, DATA/coordinator.json says where it listens.
class App {
 public:
  /// Starts everything; the ports answer when it returns.
  /// @param own_models the models of this machine, once they are found
  /// Errors: Conflict when another coordinator runs on the data folder or a port is in use.
  static Result<std::unique_ptr<App>> start(const CoordinatorOptions& options,
                                            std::shared_future<model::ModelIndex> own_models);

  /// Stops taking requests, then messages; what was decided is still committed.
  ~App();

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  const config::Endpoints& endpoints() const { return endpoints_; }

 private:
  struct Ports;
  struct Parts;

  App(const CoordinatorOptions& options, Parts parts);
  static Result<Ports> bind(zmq::context_t& context, const CoordinatorOptions& options);

  const std::filesystem::path data_;
  const config::Endpoints endpoints_;

  // In the order they are built; each may refer to those above it.
  std::unique_ptr<zmq::context_t> context_;
  std::unique_ptr<artifacts::ArtifactStore> artifacts_;
  net::Traffic traffic_;
  net::CoreCalls calls_;
  net::CoreInputLedger input_ledger_;
  std::unique_ptr<store::StoreThread> store_;
  net::ClientDesk client_desk_;
  net::ControlLoop control_loop_;
  net::BlobLoop blob_loop_;
  net::ClientLoop client_loop_;

  std::jthread control_thread_;
  std::jthread blob_thread_;
  std::jthread client_thread_;
};

}  // namespace furrow
