#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/model_index.h"
#include "common/spec/grid.h"
#include "common/spec/inputs.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::worker {

/// The plans of the jobs this worker has leases of, and where their models are: turns a lease into
/// what an engine renders. Keeps the last kMaxPlans plans; a forgotten one is asked for again.
class JobBook {
 public:
  static constexpr std::size_t kMaxPlans = 256;

  /// @param worker how people call this worker; goes into each picture's provenance
  JobBook(const std::vector<model::FoundModel>& models, std::string worker);

  /// Takes a job's plan, in place of an older one.
  void add(v1::PlanDefinition definition);

  bool knows(std::uint64_t job) const { return jobs_.contains(job); }

  /// What to render for a lease, with the paths of its weights. Requires: knows(token.job()).
  /// Errors: Invalid, the plan has no such cell; NotFound, some weights are not on this machine.
  Result<v1::RenderCell> cell(const v1::Token& token) const;

  /// A coordinator tells its plans once a session.
  void forget_plans();

 private:
  struct Job {
    std::string name;
    spec::Grid grid;
  };

  Result<std::string> path_of(spec::ModelPart part, const v1::ModelRef& model) const;

  std::map<std::string, std::string> paths_;  // by the raw content hash
  std::string worker_;
  std::map<std::uint64_t, Job> jobs_;
  std::deque<std::uint64_t> oldest_first_;
};

}  // namespace furrow::worker
