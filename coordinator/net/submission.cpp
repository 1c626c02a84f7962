#include "coordinator/net/submission.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "common/config/paths.h"
#include "common/spec/grid.h"
#include "common/spec/model_choice.h"
#include "coordinator/net/plan_estimate.h"
#include "coordinator/net/plan_price.h"

namespace furrow::net {

namespace {

// Large checkpoints that were never hashed take minutes; a submit does not wait for those.
constexpr std::chrono::seconds kScanPatience{2};
constexpr std::size_t kMaxNameBytes = 200;

/// What is wrong with the name of a job, a line each.
std::string name_faults(const std::string& name) {
  std::string faults;
  if (name.size() > kMaxNameBytes) {
    faults += "the job's name has " + std::to_string(name.size()) + " bytes; at most " +
              std::to_string(kMaxNameBytes) + " are taken\n";
  }
  if (std::any_of(name.begin(), name.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    faults += "the job's name has control characters in it. Use a name of one plain line\n";
  }
  if (name == "last") {
    faults += "job name \"last\" always means the newest job. Choose another\n";
  }
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
    faults += "job name \"" + name + "\" is a number and would be read as an id. Add a letter\n";
  }
  return faults;
}

Error joined(std::string faults, const std::string& more) {
  faults += more;
  if (faults.ends_with('\n')) faults.pop_back();
  return {ErrorKind::Invalid, std::move(faults)};
}

}  // namespace

Submission::Submission(CoreCalls& calls, store::Reader& reader,
                       std::shared_future<model::ModelIndex> own_models)
    : calls_(calls), reader_(reader), own_models_(std::move(own_models)) {}

Result<v1::SubmitReply> Submission::submit(const v1::SubmitJob& request) {
  FURROW_TRY(auto resolved, resolve(request.spec()));
  if (request.dry_run()) return dry_run(request.spec(), resolved);
  return queue(request, std::move(resolved));
}

spec::Catalog Submission::catalog() const {
  spec::Catalog catalog;
  catalog.models = calls_.peek([](const core::Core& core, Now) { return core.models(); });
  if (own_models_.wait_for(kScanPatience) == std::future_status::ready) {
    for (const auto& own : own_models_.get().models) {
      const bool is_known = std::any_of(
          catalog.models.begin(), catalog.models.end(), [&](const v1::ModelOnDisk& known) {
            return known.model().hash() == own.description.model().hash();
          });
      if (!is_known) catalog.models.push_back(own.description);
    }
  }
  const auto is_default = [](const v1::ModelOnDisk& known) {
    return known.model().name() == config::kDefaultModel;
  };
  auto chosen = std::find_if(catalog.models.begin(), catalog.models.end(), is_default);
  if (chosen == catalog.models.end()) {
    chosen = std::find_if(catalog.models.begin(), catalog.models.end(), spec::is_checkpoint);
  }
  if (chosen != catalog.models.end()) catalog.default_model = chosen->model().name();
  return catalog;
}

Result<spec::PlanWithWarnings> Submission::resolve(const v1::JobSpec& spec) {
  const auto draw_seed = [this] {
    return std::uniform_int_distribution<std::uint32_t>(
        0, std::numeric_limits<std::uint32_t>::max() - 1)(random_);
  };
  auto resolved = spec::make_plan(spec, catalog(), draw_seed);
  const auto faults = name_faults(spec.name());
  if (!resolved) return Unexpected(joined(faults, resolved.error().message));
  if (!faults.empty()) return Unexpected(joined(faults, ""));
  return resolved;
}

v1::SubmitReply Submission::dry_run(const v1::JobSpec& spec,
                                    const spec::PlanWithWarnings& resolved) {
  const spec::Grid grid(resolved.plan);
  const PlanEstimate plan = estimate(grid);
  const auto hits = calls_.peek([&](const core::Core& core, Now) {
    return static_cast<std::uint64_t>(
        std::count_if(plan.recipes.begin(), plan.recipes.end(),
                      [&](const Digest& recipe) { return core.is_rendered(recipe); }));
  });
  v1::SubmitReply reply;
  auto& job = *reply.mutable_job();
  job.set_name(spec.name());
  job.set_owner(spec.owner());
  job.set_priority(spec.priority());
  job.mutable_cells()->set_total(plan.cells);
  job.mutable_cells()->set_pending(plan.cells);
  *job.mutable_plan() = resolved.plan;
  *reply.mutable_summary() =
      price(plan, hits, measure_past(calls_, reader_, resolved.plan.base()), measure_load(calls_));
  job.set_eta_s(reply.summary().eta_s());
  for (const auto& warning : resolved.warnings) reply.mutable_summary()->add_warnings(warning);
  return reply;
}

Result<v1::SubmitReply> Submission::queue(const v1::SubmitJob& request,
                                          spec::PlanWithWarnings resolved) {
  const auto& spec = request.spec();
  core::SubmitCommand command{
      spec.name(),
      spec.owner(),
      spec.priority(),
      request.client_token(),
      std::make_shared<const spec::Grid>(std::move(resolved.plan)),
      spec.SerializeAsString(),
  };
  std::shared_ptr<const spec::Grid> grid;
  auto queued =
      calls_.change([&](core::Core& core, Now now, core::Effects& effects) -> Result<v1::JobView> {
        FURROW_TRY(auto submitted, core.on_job_submitted(std::move(command), now));
        effects = std::move(submitted.effects);
        grid = core.grid(submitted.job);
        return core.job_view(submitted.job, now);
      });
  if (!queued) return queued.unexpected();
  v1::SubmitReply reply;
  *reply.mutable_job() = *std::move(queued);
  // A repeated submit answers with the first one's job and plan.
  if (grid != nullptr) {
    *reply.mutable_job()->mutable_plan() = grid->plan();
  } else if (auto plan = reader_.plan(JobId(reply.job().id()))) {
    *reply.mutable_job()->mutable_plan() = *std::move(plan);
  }
  reply.mutable_summary()->set_cells(reply.job().cells().total());
  reply.mutable_summary()->set_device_seconds(-1);
  reply.mutable_summary()->set_eta_s(-1);
  for (const auto& warning : resolved.warnings) reply.mutable_summary()->add_warnings(warning);
  return reply;
}

}  // namespace furrow::net
