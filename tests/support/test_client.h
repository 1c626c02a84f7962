#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <zmq.hpp>

#include "common/wire/socket.h"
#include "furrow/v1/client.pb.h"

namespace furrow::test {

using std::chrono::milliseconds;

/// A client of the coordinator for tests: asks, waits within a limit, and asks again when a
/// coordinator was killed in between (every request may be repeated).
class TestClient {
 public:
  TestClient(zmq::context_t& context, const std::string& endpoint);

  /// The answer, or nothing within `limit`.
  std::optional<v1::ClientReply> ask(v1::ClientRequest request,
                                     milliseconds limit = milliseconds(20'000));

  std::optional<v1::ClientReply> submit(const v1::JobSpec& spec, const std::string& token);
  std::optional<v1::JobView> show(const std::string& job);
  v1::StatusReply status();

  /// Follows a job until `is_reached` of its view, over restarts of the coordinator. Nothing: not
  /// within `limit`.
  std::optional<v1::JobView> watch_until(const std::string& job, milliseconds limit,
                                         const std::function<bool(const v1::JobView&)>& is_reached);

  /// Asks for the status again and again until `is_reached` of it.
  bool status_until(milliseconds limit,
                    const std::function<bool(const v1::StatusReply&)>& is_reached);

  wire::Dealer& dealer() { return dealer_; }

 private:
  wire::Dealer dealer_;
  std::uint64_t next_correlation_ = 1;
};

inline bool is_terminal(const v1::JobView& job) {
  return job.state() == v1::JOB_STATE_DONE || job.state() == v1::JOB_STATE_FAILED ||
         job.state() == v1::JOB_STATE_CANCELLED;
}

}  // namespace furrow::test
