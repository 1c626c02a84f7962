#include "cli/client.h"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <zmq.hpp>

#include "cli/connection_monitor.h"
#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/wire/socket.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

/// Failed dials before nobody is thought to listen: one more than a listen queue that overflows
/// for a moment takes.
constexpr int kRefusalsBelieved = 2;

milliseconds until(Instant deadline) {
  const auto left = deadline - Now::read().instant;
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left));
}

ErrorKind kind_of(v1::ErrorCode code) {
  switch (code) {
    case v1::ERROR_CODE_INVALID:
      return ErrorKind::Invalid;
    case v1::ERROR_CODE_NOT_FOUND:
      return ErrorKind::NotFound;
    case v1::ERROR_CODE_NOT_ALLOWED:
      return ErrorKind::NotAllowed;
    case v1::ERROR_CODE_CONFLICT:
      return ErrorKind::Conflict;
    case v1::ERROR_CODE_INTERNAL:
    case v1::ERROR_CODE_UNSPECIFIED:
    case v1::ErrorCode_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::ErrorCode_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return ErrorKind::Internal;
}

Error error_of(const v1::ErrorReply& reply) {
  std::string text = fmt::format("{}", fmt::join(reply.messages(), "\n"));
  if (text.empty()) text = "The coordinator refused without a reason. Its log may tell more.";
  return {kind_of(reply.code()), std::move(text)};
}

Error interrupted() {
  return {ErrorKind::Cancelled, "Interrupted."};
}

Error no_coordinator(const std::string& endpoint) {
  return {ErrorKind::Unreachable,
          fmt::format("No coordinator answers at {}. Start one with: furrow up", endpoint)};
}

Error strange_answer() {
  return {
      ErrorKind::Internal,
      "The coordinator's answer is not understood. Are both of one version? See: furrow doctor"};
}

}  // namespace

struct Client::State {
  State(std::string address, const ClientOptions& with)
      : endpoint(std::move(address)), options(with) {}

  /// Handles all that has come, then waits up to `wait` for more and handles that.
  /// Errors: Cancelled.
  Result<void> exchange(milliseconds wait);
  Result<void> wait_for_connection();
  void note(ConnectionMonitor::Event event);
  /// Dials the coordinator's new address if it has one.
  void follow();
  void take_replies();
  /// The answer to `correlation` among those that came.
  std::optional<v1::ClientReply> take_reply(std::uint64_t correlation);
  bool can_send();

  void send(const v1::ClientRequest& request) { dealer->send(request); }

  void ask_for_watched_job();
  std::optional<Result<News>> waiting_news();

  std::string endpoint;
  ClientOptions options;
  zmq::context_t context{1};
  std::optional<wire::Dealer> dealer;
  std::optional<ConnectionMonitor> monitor;

  bool connected = false;
  int refusals = 0;
  bool no_furrow_there = false;
  std::uint64_t last_correlation = 0;
  std::deque<v1::ClientReply> replies;

  // The watched job; 0: none. An answer to either request is news of it.
  std::uint64_t watched_job = 0;
  std::uint64_t watch_correlation = 0;
  std::uint64_t show_correlation = 0;
  Instant last_news;
  std::deque<News::Kind> connection_news;
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}

Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(const std::string& endpoint, const ClientOptions& options) {
  auto state = std::make_unique<State>(endpoint, options);
  auto dealer = wire::Dealer::connect(state->context, endpoint, {});
  if (!dealer) {
    return fail(ErrorKind::Invalid,
                fmt::format("\"{}\" is not an address of a coordinator. Write host, host:port or "
                            "tcp://host:port.",
                            endpoint));
  }
  state->dealer = *std::move(dealer);
  state->dealer->socket().set(zmq::sockopt::linger, 0);
  state->monitor.emplace(state->context, state->dealer->socket());
  return Client(std::move(state));
}

const std::string& Client::endpoint() const {
  return state_->endpoint;
}

bool Client::State::can_send() {
  return (dealer->socket().get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
}

Result<void> Client::State::exchange(milliseconds wait) {
  take_replies();
  while (const auto event = monitor->next()) note(*event);
  if (!replies.empty() || !connection_news.empty()) wait = milliseconds(0);
  std::vector<zmq::pollitem_t> items = {
      {dealer->socket().handle(), 0,
       static_cast<short>(connected ? ZMQ_POLLIN : ZMQ_POLLIN | ZMQ_POLLOUT), 0},
      {monitor->socket().handle(), 0, ZMQ_POLLIN, 0}};
  if (options.interrupt_fd >= 0) items.push_back({nullptr, options.interrupt_fd, ZMQ_POLLIN, 0});
  try {
    zmq::poll(items, wait);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
  if (items.size() == 3 && (items[2].revents & ZMQ_POLLIN) != 0) return Unexpected(interrupted());
  while (const auto event = monitor->next()) note(*event);
  // The socket is writable only over a connection that stands; the monitor misses one that was made
  // before it looked.
  if (!connected && can_send()) note(ConnectionMonitor::Event::Connected);
  take_replies();
  return {};
}

void Client::State::note(ConnectionMonitor::Event event) {
  using Event = ConnectionMonitor::Event;
  switch (event) {
    case Event::Connected:
      if (!connected) connection_news.push_back(News::Kind::BackAgain);
      connected = true;
      refusals = 0;
      break;
    case Event::Lost:
      if (connected) connection_news.push_back(News::Kind::LostConnection);
      connected = false;
      break;
    case Event::Refused:
      ++refusals;
      follow();
      break;
    case Event::NoFurrowThere:
      no_furrow_there = true;
      break;
  }
}

void Client::State::follow() {
  if (connected || !options.look_up) return;
  const auto now_at = options.look_up();
  if (!now_at || *now_at == endpoint) return;
  try {
    dealer->socket().connect(*now_at);
  } catch (const zmq::error_t&) {
    return;  // what is written there is no address
  }
  dealer->socket().disconnect(endpoint);
  endpoint = *now_at;
  refusals = 0;
}

void Client::State::take_replies() {
  while (const auto incoming = dealer->receive()) {
    v1::ClientReply reply;
    if (incoming->parse_into(reply)) replies.push_back(std::move(reply));
  }
}

std::optional<v1::ClientReply> Client::State::take_reply(std::uint64_t correlation) {
  const auto found = std::find_if(
      replies.begin(), replies.end(),
      [&](const v1::ClientReply& reply) { return reply.correlation() == correlation; });
  if (found == replies.end()) return std::nullopt;
  v1::ClientReply reply = std::move(*found);
  replies.erase(found);
  return reply;
}

Result<void> Client::State::wait_for_connection() {
  const Instant deadline = Now::read().instant + options.connect_wait;
  while (!connected) {
    if (no_furrow_there) {
      return fail(ErrorKind::Unreachable,
                  fmt::format("What listens at {} is not a furrow coordinator. Is the port right?",
                              endpoint));
    }
    const auto left = until(deadline);
    if (refusals >= kRefusalsBelieved || left == milliseconds(0)) {
      return Unexpected(no_coordinator(endpoint));
    }
    FURROW_TRY_VOID(exchange(left));
  }
  return {};
}

Result<v1::ClientReply> Client::ask(v1::ClientRequest request) {
  State& state = *state_;
  state.watched_job = 0;
  request.set_version(wire::kProtocol);
  request.set_correlation(++state.last_correlation);
  const auto patience = request.has_submit() ? state.options.submit_wait : state.options.reply_wait;
  FURROW_TRY_VOID(state.wait_for_connection());
  const Instant deadline = Now::read().instant + patience;
  while (Now::read().instant < deadline) {
    if (state.connected) state.send(request);
    // Planning may take its time, and a second plan takes it again; one that queues nothing is
    // asked for again only on a new connection.
    const Instant resend =
        request.submit().dry_run()
            ? deadline
            : std::min(deadline, Now::read().instant + state.options.resend_after);
    bool dialled_anew = false;
    while (!dialled_anew && until(resend) > milliseconds(0)) {
      const bool had_connection = state.connected;
      FURROW_TRY_VOID(state.exchange(until(resend)));
      state.connection_news.clear();
      if (auto reply = state.take_reply(request.correlation())) {
        if (reply->has_error()) return Unexpected(error_of(reply->error()));
        return *std::move(reply);
      }
      state.replies.clear();
      dialled_anew = !had_connection && state.connected;
    }
  }
  return fail(ErrorKind::Unreachable,
              fmt::format("The coordinator at {} was reached and gave no answer within {:.0f} "
                          "seconds. See: furrow doctor",
                          state.endpoint, static_cast<double>(patience.count()) / 1000));
}

namespace {

/// The body of a reply, or that the answer is of another kind than the question.
template <typename Body>
Result<Body> body_of(Result<v1::ClientReply> reply, bool (v1::ClientReply::*has)() const,
                     const Body& (v1::ClientReply::*get)() const) {
  if (!reply) return reply.unexpected();
  if (!((*reply).*has)()) return Unexpected(strange_answer());
  return Body(((*reply).*get)());
}

Result<v1::JobView> job_of(Result<v1::ClientReply> reply) {
  FURROW_TRY(v1::JobReply body, body_of<v1::JobReply>(std::move(reply), &v1::ClientReply::has_job,
                                                      &v1::ClientReply::job));
  return std::move(*body.mutable_job());
}

}  // namespace

Result<v1::JobView> Client::show_job(const std::string& selector) {
  v1::ClientRequest request;
  request.mutable_show_job()->mutable_job()->set_text(selector);
  return job_of(ask(std::move(request)));
}

Result<v1::JobView> Client::cancel_job(const std::string& selector) {
  v1::ClientRequest request;
  request.mutable_cancel_job()->mutable_job()->set_text(selector);
  return job_of(ask(std::move(request)));
}

Result<v1::JobView> Client::retry_job(const std::string& selector) {
  v1::ClientRequest request;
  request.mutable_retry_job()->mutable_job()->set_text(selector);
  return job_of(ask(std::move(request)));
}

Result<v1::SubmitReply> Client::submit(v1::SubmitJob submission) {
  if (submission.client_token().empty()) submission.set_client_token(random_token());
  v1::ClientRequest request;
  *request.mutable_submit() = std::move(submission);
  return body_of<v1::SubmitReply>(ask(std::move(request)), &v1::ClientReply::has_submitted,
                                  &v1::ClientReply::submitted);
}

Result<v1::CellsReply> Client::list_cells(const v1::ListCells& which) {
  v1::ClientRequest request;
  *request.mutable_list_cells() = which;
  return body_of<v1::CellsReply>(ask(std::move(request)), &v1::ClientReply::has_cells,
                                 &v1::ClientReply::cells);
}

Result<v1::StatusReply> Client::status(std::uint32_t jobs) {
  v1::ClientRequest request;
  request.mutable_status()->set_jobs(jobs);
  return body_of<v1::StatusReply>(ask(std::move(request)), &v1::ClientReply::has_status,
                                  &v1::ClientReply::status);
}

Result<v1::WorkersReply> Client::workers() {
  v1::ClientRequest request;
  request.mutable_list_workers();
  return body_of<v1::WorkersReply>(ask(std::move(request)), &v1::ClientReply::has_workers,
                                   &v1::ClientReply::workers);
}

Result<std::vector<Digest>> Client::lacking_inputs(const std::vector<Digest>& inputs) {
  v1::ClientRequest request;
  for (const Digest& input : inputs) {
    request.mutable_find_lacking_inputs()->add_digests(input.raw());
  }
  FURROW_TRY(const auto reply, body_of<v1::LackingInputsReply>(ask(std::move(request)),
                                                               &v1::ClientReply::has_lacking_inputs,
                                                               &v1::ClientReply::lacking_inputs));
  std::vector<Digest> lacking;
  for (const std::string& raw : reply.digests()) {
    if (const auto digest = Digest::from_raw(raw)) lacking.push_back(*digest);
  }
  return lacking;
}

void Client::State::ask_for_watched_job() {
  v1::ClientRequest request;
  request.set_version(wire::kProtocol);
  watch_correlation = ++last_correlation;
  request.set_correlation(watch_correlation);
  request.mutable_watch_job()->mutable_job()->set_text(std::to_string(watched_job));
  send(request);
  last_news = Now::read().instant;
}

void Client::watch(std::uint64_t job) {
  state_->watched_job = job;
  state_->connection_news.clear();
  if (state_->connected) state_->ask_for_watched_job();
}

/// The oldest thing to tell, or nothing yet.
std::optional<Result<Client::News>> Client::State::waiting_news() {
  if (!connection_news.empty()) {
    const News::Kind kind = connection_news.front();
    connection_news.pop_front();
    if (kind == News::Kind::BackAgain) ask_for_watched_job();
    return News{kind, {}};
  }
  while (!replies.empty()) {
    v1::ClientReply reply = std::move(replies.front());
    replies.pop_front();
    const std::uint64_t correlation = reply.correlation();
    if (correlation != watch_correlation && correlation != show_correlation) continue;
    last_news = Now::read().instant;
    if (reply.has_error()) return Result<News>(Unexpected(error_of(reply.error())));
    if (!reply.has_job()) return Result<News>(Unexpected(strange_answer()));
    return News{News::Kind::Job, std::move(*reply.mutable_job()->mutable_job())};
  }
  return std::nullopt;
}

Result<Client::News> Client::next_news(milliseconds wait) {
  State& state = *state_;
  const Instant deadline = Now::read().instant + wait;
  for (;;) {
    if (auto news = state.waiting_news()) return *std::move(news);
    const Instant now = Now::read().instant;
    if (state.connected && now - state.last_news >= state.options.silence) {
      // An update may have been lost with a connection; this asks without subscribing again.
      v1::ClientRequest request;
      request.set_version(wire::kProtocol);
      state.show_correlation = ++state.last_correlation;
      request.set_correlation(state.show_correlation);
      request.mutable_show_job()->mutable_job()->set_text(std::to_string(state.watched_job));
      state.send(request);
      state.last_news = now;
    }
    FURROW_TRY_VOID(state.exchange(until(deadline)));
    if (until(deadline) == milliseconds(0)) {
      if (auto news = state.waiting_news()) return *std::move(news);
      return News{};
    }
  }
}

bool is_terminal(v1::JobState state) {
  return state == v1::JOB_STATE_DONE || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

std::string random_token() {
  std::random_device device;
  std::vector<std::uint8_t> bytes(16);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
  return to_hex(bytes);
}

}  // namespace furrow::cli
