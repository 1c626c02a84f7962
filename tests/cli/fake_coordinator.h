#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <zmq.hpp>

#include "common/wire/socket.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

/// A coordinator on a loopback port that answers by a script: `handle` gets a request and the means
/// to answer it, as often as it likes. Runs on a thread of its own; `handle` is called there.
class FakeCoordinator {
 public:
  using Answer = std::function<void(v1::ClientReply)>;
  using Handle = std::function<void(const v1::ClientRequest&, const Answer&)>;

  /// @param endpoint port 0 takes a free one; a test that restarts it gives the old one again
  explicit FakeCoordinator(Handle handle, std::string endpoint = "tcp://127.0.0.1:0")
      : handle_(std::move(handle)),
        router_(*wire::Router::bind(context_, endpoint, {})),
        endpoint_(router_.endpoint()),
        thread_([this](const std::stop_token& stop) { serve(stop); }) {}

  ~FakeCoordinator() {
    thread_.request_stop();
    thread_.join();
  }

  const std::string& endpoint() const { return endpoint_; }

  int requests() const { return requests_; }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(5));
      while (const auto incoming = router_.receive()) {
        v1::ClientRequest request;
        if (!incoming->parse_into(request)) continue;
        ++requests_;
        handle_(request, [&](v1::ClientReply reply) {
          reply.set_version(wire::kProtocol);
          reply.set_correlation(request.correlation());
          router_.send(incoming->peer, reply);
        });
      }
    }
  }

  Handle handle_;
  zmq::context_t context_;
  wire::Router router_;
  std::string endpoint_;
  std::atomic<int> requests_ = 0;
  std::jthread thread_;
};

inline v1::ClientReply error_reply(v1::ErrorCode code, const std::string& message) {
  v1::ClientReply reply;
  reply.mutable_error()->set_code(code);
  reply.mutable_error()->add_messages(message);
  return reply;
}

inline v1::ClientReply job_reply(v1::JobState state, std::uint64_t done, std::uint64_t total) {
  v1::ClientReply reply;
  v1::JobView& job = *reply.mutable_job()->mutable_job();
  job.set_id(12);
  job.set_name("first");
  job.set_state(state);
  job.set_eta_s(-1);
  job.mutable_cells()->set_total(total);
  job.mutable_cells()->set_done(done);
  job.mutable_cells()->set_pending(total - done);
  return reply;
}

}  // namespace furrow::cli
