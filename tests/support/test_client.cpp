#include "tests/support/test_client.h"

#include <algorithm>

#include "common/base/clock.h"

namespace furrow::test {

namespace {

// How long an answer may take before the question is asked again.
constexpr milliseconds kAskAgain{3000};

/// What is left of a limit that began when the object was made.
class Deadline {
 public:
  explicit Deadline(milliseconds limit) : end_(Now::read().instant + limit) {}

  milliseconds left() const {
    const auto left = std::chrono::ceil<milliseconds>(end_ - Now::read().instant);
    return std::max(left, milliseconds(0));
  }

  bool is_over() const { return left() == milliseconds(0); }

 private:
  const Instant end_;
};

}  // namespace

TestClient::TestClient(zmq::context_t& context, const std::string& endpoint)
    : dealer_(wire::Dealer::connect(context, endpoint, {}).value()) {}

std::optional<v1::ClientReply> TestClient::ask(v1::ClientRequest request, milliseconds limit) {
  request.set_version(wire::kProtocol);
  request.set_correlation(next_correlation_++);
  const Deadline deadline(limit);
  while (!deadline.is_over()) {
    zmq::pollitem_t writable{dealer_.socket().handle(), 0, ZMQ_POLLOUT, 0};
    zmq::poll(&writable, 1, deadline.left());
    if (dealer_.send(request) != wire::Sent::Queued) continue;
    const Deadline again(std::min(kAskAgain, deadline.left()));
    while (!again.is_over()) {
      const auto incoming = dealer_.receive_within(static_cast<int>(again.left().count()));
      v1::ClientReply reply;
      if (incoming && incoming->parse_into(reply) && reply.correlation() == request.correlation()) {
        return reply;
      }
    }
  }
  return std::nullopt;
}

std::optional<v1::ClientReply> TestClient::submit(const v1::JobSpec& spec,
                                                  const std::string& token) {
  v1::ClientRequest request;
  *request.mutable_submit()->mutable_spec() = spec;
  request.mutable_submit()->set_client_token(token);
  return ask(std::move(request));
}

std::optional<v1::JobView> TestClient::show(const std::string& job) {
  v1::ClientRequest request;
  request.mutable_show_job()->mutable_job()->set_text(job);
  const auto reply = ask(std::move(request));
  if (!reply || !reply->has_job()) return std::nullopt;
  return reply->job().job();
}

v1::StatusReply TestClient::status() {
  v1::ClientRequest request;
  request.mutable_status();
  const auto reply = ask(std::move(request));
  return reply ? reply->status() : v1::StatusReply();
}

std::optional<v1::JobView> TestClient::watch_until(
    const std::string& job, milliseconds limit,
    const std::function<bool(const v1::JobView&)>& is_reached) {
  const Deadline deadline(limit);
  v1::ClientRequest request;
  request.mutable_watch_job()->mutable_job()->set_text(job);
  while (!deadline.is_over()) {
    auto reply = ask(request, deadline.left());
    const auto correlation = next_correlation_ - 1;
    while (reply && reply->has_job()) {
      if (is_reached(reply->job().job())) return reply->job().job();
      if (is_terminal(reply->job().job())) return std::nullopt;
      // No view for so long: the coordinator may be another one by now, so ask anew.
      const auto incoming =
          dealer_.receive_within(static_cast<int>(std::min(kAskAgain, deadline.left()).count()));
      if (!incoming || !incoming->parse_into(*reply)) break;
      if (reply->correlation() != correlation) break;
    }
  }
  return std::nullopt;
}

bool TestClient::status_until(milliseconds limit,
                              const std::function<bool(const v1::StatusReply&)>& is_reached) {
  const Deadline deadline(limit);
  while (!deadline.is_over()) {
    if (is_reached(status())) return true;
  }
  return false;
}

}  // namespace furrow::test
