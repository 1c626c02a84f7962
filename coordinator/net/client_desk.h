#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/model/model_index.h"
#include "coordinator/net/core_calls.h"
#include "coordinator/net/submission.h"
#include "coordinator/net/traffic.h"
#include "coordinator/net/watch_list.h"
#include "coordinator/store/reader.h"
#include "furrow/v1/client.pb.h"

namespace furrow::net {

/// What a client may want to know of the coordinator itself.
struct CoordinatorFacts {
  std::filesystem::path data_folder;
  std::string blob_endpoint;
  Instant started_at;
};

/// Answers every request of clients: reads the database itself where that suffices, asks the core
/// for what is live, and mails it what is to be changed. Owned by the client thread.
/// Pinned: parts of it refer to each other.
class ClientDesk {
 public:
  /// The largest number of jobs in one reply.
  static constexpr std::uint32_t kMaxJobs = 1000;
  /// The largest number of pictures in one question.
  static constexpr int kMaxInputs = 1000;
  /// A page of cells ends once it is about this large, in bytes.
  static constexpr std::size_t kMaxPageBytes = 4 << 20;

  ClientDesk(CoreCalls& calls, store::Reader reader, CoordinatorFacts facts,
             std::shared_future<model::ModelIndex> own_models, const Traffic& traffic);

  ClientDesk(const ClientDesk&) = delete;
  ClientDesk& operator=(const ClientDesk&) = delete;

  /// One reply, an ErrorReply if need be; `correlation` is the request's.
  struct Answer {
    v1::ClientReply reply;
    std::optional<JobSnapshot> watched;  ///< of a WatchJob: what the reply told
  };

  Answer answer(const v1::ClientRequest& request);

  /// The jobs as they stand on disk; those that do not exist are left out.
  std::vector<JobSnapshot> snapshots(const std::vector<JobId>& jobs);

 private:
  Result<Answer> answer_to(const v1::ClientRequest& request);
  v1::JobsReply list_jobs(const v1::ListJobs& request);
  Result<JobSnapshot> find(const v1::JobSelector& selector);
  Result<v1::JobReply> show_job(const v1::ShowJob& request);
  Result<v1::JobReply> cancel_job(const v1::CancelJob& request);
  Result<v1::JobReply> retry_job(const v1::RetryJob& request);
  Result<v1::CellsReply> list_cells(const v1::ListCells& request);
  Result<v1::CellsReply> show_cell(const v1::ShowCell& request);
  v1::WorkersReply list_workers();
  v1::ModelsReply list_models();
  Result<v1::LackingInputsReply> find_lacking_inputs(const v1::FindLackingInputs& request);
  v1::StatusReply status(const v1::GetStatus& request);
  void add_live_state(JobId job, v1::CellsReply& reply);

  // Constant after construction.
  CoreCalls& calls_;
  const CoordinatorFacts facts_;
  const Traffic& traffic_;

  // State owned by the client thread.
  store::Reader reader_;
  Submission submission_;
};

/// An expected failure as a client gets it: a sentence a fault.
v1::ErrorReply to_error_reply(const Error& error);

}  // namespace furrow::net
