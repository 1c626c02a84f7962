#pragma once

#include <functional>
#include <future>
#include <random>

#include "common/base/result.h"
#include "common/model/model_index.h"
#include "common/spec/plan.h"
#include "coordinator/net/core_calls.h"
#include "coordinator/store/reader.h"
#include "furrow/v1/client.pb.h"

namespace furrow::net {

/// Turns a sweep as people write it into a job, or says what it would be. Resolving a large sweep
/// takes time, so it happens in the client thread and only the decision in the control thread.
class Submission {
 public:
  /// @param own_models the models of this machine, which names may refer to before any worker came;
  ///        may still be under way
  Submission(CoreCalls& calls, store::Reader& reader,
             std::shared_future<model::ModelIndex> own_models);

  /// Errors: Invalid with every fault of the spec, one a line.
  Result<v1::SubmitReply> submit(const v1::SubmitJob& request);

  /// Every model that a name may refer to: those that some worker has or had, and this machine's.
  spec::Catalog catalog() const;

 private:
  Result<spec::PlanWithWarnings> resolve(const v1::JobSpec& spec);
  v1::SubmitReply dry_run(const v1::JobSpec& spec, const spec::PlanWithWarnings& resolved);
  Result<v1::SubmitReply> queue(const v1::SubmitJob& request, spec::PlanWithWarnings resolved);

  CoreCalls& calls_;
  store::Reader& reader_;
  std::shared_future<model::ModelIndex> own_models_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace furrow::net
