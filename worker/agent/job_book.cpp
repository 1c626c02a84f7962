#include "worker/agent/job_book.h"

#include <utility>

#include "common/base/digest.h"

namespace furrow::worker {

JobBook::JobBook(const std::vector<model::FoundModel>& models, std::string worker)
    : worker_(std::move(worker)) {
  for (const auto& found : models) {
    paths_.try_emplace(found.description.model().hash(), found.path.string());
  }
}

void JobBook::add(v1::PlanDefinition definition) {
  const auto job = definition.job();
  Job entry{std::move(*definition.mutable_name()),
            spec::Grid(std::move(*definition.mutable_plan()))};
  const bool is_new = jobs_.insert_or_assign(job, std::move(entry)).second;
  if (!is_new) return;
  oldest_first_.push_back(job);
  if (oldest_first_.size() > kMaxPlans) {
    jobs_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

void JobBook::forget_plans() {
  jobs_.clear();
  oldest_first_.clear();
}

Result<v1::RenderCell> JobBook::cell(const v1::Token& token) const {
  const Job& job = jobs_.at(token.job());
  if (token.cell() >= job.grid.cell_count()) {
    return fail(ErrorKind::Invalid, "cell " + std::to_string(token.cell()) +
                                        " is outside of its job's " +
                                        std::to_string(job.grid.cell_count()) + " cells");
  }
  v1::RenderCell cell;
  *cell.mutable_token() = token;
  *cell.mutable_recipe() = job.grid.recipe(token.cell());
  for (const auto& [part, model] : spec::models_of(cell.recipe())) {
    FURROW_TRY(std::string path, path_of(part, *model));
    if (part == spec::ModelPart::Model) {
      cell.set_model_path(std::move(path));
    } else if (part == spec::ModelPart::Vae) {
      cell.set_vae_path(std::move(path));
    } else {
      auto& file = *cell.add_files();
      file.set_hash(model->hash());
      file.set_path(std::move(path));
    }
  }
  cell.mutable_provenance()->set_job_name(job.name);
  cell.mutable_provenance()->set_worker(worker_);
  const auto coordinates = job.grid.coordinates(token.cell());
  for (std::size_t axis = 0; axis < coordinates.size(); ++axis) {
    cell.mutable_provenance()->add_coordinates(job.grid.coordinate_label(axis, coordinates[axis]));
  }
  return cell;
}

Result<std::string> JobBook::path_of(spec::ModelPart part, const v1::ModelRef& model) const {
  const auto found = paths_.find(model.hash());
  if (found != paths_.end()) return found->second;
  const auto digest = Digest::from_raw(model.hash());
  return fail(ErrorKind::NotFound,
              "this worker has no " + std::string(name_of(part)) + " \"" + model.name() +
                  "\" with the content " +
                  (digest ? digest->hex().substr(0, 12) : std::string("of no hash")));
}

}  // namespace furrow::worker
