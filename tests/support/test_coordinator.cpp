#include "tests/support/test_coordinator.h"

#include <csignal>

#include "common/base/clock.h"
#include "common/base/files.h"

namespace furrow::test {

using std::chrono::milliseconds;

bool TestCoordinator::start(milliseconds limit) {
  std::filesystem::create_directories(data_);
  const FolderWatch watch(data_);
  process_.reset();
  process_.emplace(
      std::vector<std::string>{"furrow-coordinator", "--data", data_.string(), "--port", "0"},
      ChildProcess::Options{{}, data_ / "coordinator.log"});
  const Instant end = Now::read().instant + limit;
  while (Now::read().instant < end && process_->is_running()) {
    // An address file of an earlier life names an earlier process.
    const auto found = config::read_endpoints(data_);
    if (found && found->pid == process_->pid()) {
      endpoints_ = *found;
      return true;
    }
    watch.wait(milliseconds(100));
  }
  return false;
}

void TestCoordinator::kill_hard() {
  process_.reset();
}

std::optional<int> TestCoordinator::stop(milliseconds limit) {
  process_->send_signal(SIGTERM);
  const auto ending = process_->wait_for_end(limit);
  return ending ? ending->exit_code : std::nullopt;
}

std::string TestCoordinator::log() const {
  const auto text = read_file(data_ / "coordinator.log");
  return text ? *text : "";
}

}  // namespace furrow::test
