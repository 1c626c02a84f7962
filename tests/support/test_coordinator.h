#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/config/paths.h"
#include "tests/support/child_process.h"

namespace furrow::test {

/// A real furrow-coordinator on a data folder, on free ports of loopback.
class TestCoordinator {
 public:
  /// Its log goes to DATA/coordinator.log. Nothing runs before start().
  explicit TestCoordinator(std::filesystem::path data) : data_(std::move(data)) {}

  /// Starts it and waits until it listens. False: it ended, or did not listen in time.
  bool start(std::chrono::milliseconds limit = std::chrono::seconds(20));
  /// kill -9.
  void kill_hard();
  /// SIGTERM; its exit code, or nothing when it did not end in time.
  std::optional<int> stop(std::chrono::milliseconds limit = std::chrono::seconds(20));

  bool is_running() { return process_.has_value() && process_->is_running(); }

  pid_t pid() const { return process_->pid(); }

  const std::filesystem::path& data() const { return data_; }

  /// Of the latest start.
  const config::Endpoints& endpoints() const { return endpoints_; }

  /// Everything it has said so far.
  std::string log() const;

 private:
  const std::filesystem::path data_;
  std::optional<ChildProcess> process_;
  config::Endpoints endpoints_;
};

}  // namespace furrow::test
