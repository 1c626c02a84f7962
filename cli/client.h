#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/digest.h"
#include "common/base/result.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

struct ClientOptions {
  /// How long a coordinator may take to be connected to, and to answer.
  std::chrono::milliseconds connect_wait{3000};
  std::chrono::milliseconds reply_wait{3000};
  /// A submission reads and plans a whole sweep and may take longer.
  std::chrono::milliseconds submit_wait{20'000};
  /// A request is sent again when its answer does not come: a coordinator that restarted has lost
  /// it. Every request may be handled twice; a submission is told by its client token.
  std::chrono::milliseconds resend_after{1500};
  /// While a watched job is silent, ask for it this often.
  std::chrono::milliseconds silence{5000};
  /// Where the coordinator listens now, if that is known: asked while nobody listens where it did.
  /// One that restarted may have other ports.
  std::function<std::optional<std::string>()> look_up;
  /// Waits end with Cancelled when this descriptor is readable; -1: none.
  int interrupt_fd = -1;
};

/// The command's side of the client port: asks the coordinator and waits for the answer. One
/// thread.
class Client {
 public:
  /// Returns at once; whether somebody is there shows at the first request. Errors: Invalid, an
  /// address that is none.
  static Result<Client> connect(const std::string& endpoint, const ClientOptions& options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// The address that is dialled.
  const std::string& endpoint() const;

  /// Sends a request and returns its answer. Errors: what the coordinator refused, by its kind;
  /// Unreachable when nobody is there or answers in time; Cancelled. Ends a watch.
  Result<v1::ClientReply> ask(v1::ClientRequest request);

  /// A job by its id, name or "last", with its plan.
  Result<v1::JobView> show_job(const std::string& selector);
  Result<v1::JobView> cancel_job(const std::string& selector);
  Result<v1::JobView> retry_job(const std::string& selector);
  /// A submission without a client token gets one here.
  Result<v1::SubmitReply> submit(v1::SubmitJob submission);
  Result<v1::CellsReply> list_cells(const v1::ListCells& which);
  Result<v1::StatusReply> status(std::uint32_t jobs);
  Result<v1::WorkersReply> workers();
  /// Of these pictures for jobs, those that the coordinator does not keep, each once.
  Result<std::vector<Digest>> lacking_inputs(const std::vector<Digest>& inputs);

  /// What happened to a watched job or to the connection.
  struct News {
    enum class Kind { Nothing, Job, LostConnection, BackAgain };
    Kind kind = Kind::Nothing;
    v1::JobView job;  ///< with Kind::Job; without its plan
  };

  /// Begins to watch a job; `next_news` then tells of it. One job at a time.
  void watch(std::uint64_t job);
  /// Waits up to `wait` for news. Outlives a coordinator's restart: the job is asked for again once
  /// it is back. Errors: NotFound and the like when the coordinator refuses; Cancelled.
  Result<News> next_news(std::chrono::milliseconds wait);

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

bool is_terminal(v1::JobState state);

/// 16 random bytes in hexadecimal, for a submission that may have to be repeated.
std::string random_token();

}  // namespace furrow::cli
