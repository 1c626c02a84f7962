#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include <zmq.hpp>

#include "furrow/v1/worker.pb.h"

namespace furrow::test {

/// A worker without a machine: speaks worker.proto from a thread and has every cell rendered the
/// moment it is offered, without a picture. For measuring what the coordinator costs.
class SimWorker {
 public:
  struct Options {
    std::string endpoint;       ///< the coordinator's worker port
    std::string name;           ///< also makes its id
    std::uint32_t batch = 1;    ///< cells its device takes at once
    std::uint32_t credits = 2;  ///< leases it wants to hold
    v1::ModelOnDisk model;      ///< the one it has
  };

  SimWorker(zmq::context_t& context, Options options);

  /// Cells it has reported so far.
  std::uint64_t rendered() const { return rendered_; }

 private:
  std::atomic<std::uint64_t> rendered_{0};
  std::jthread thread_;
};

/// A model that no folder holds.
v1::ModelOnDisk a_sim_model(const std::string& name);

}  // namespace furrow::test
