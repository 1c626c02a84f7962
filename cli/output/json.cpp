#include "cli/output/json.h"

#include <algorithm>
#include <string>

#include "cli/output/recipe_parts.h"
#include "cli/output/time_text.h"
#include "common/base/digest.h"
#include "common/spec/inputs.h"

namespace furrow::cli {

namespace {

constexpr int kIndent = 2;
constexpr char kSpace = ' ';

Json time_or_null(std::int64_t unix_ms) {
  return unix_ms == 0 ? Json(nullptr) : Json(rfc3339(unix_ms));
}

Json known_or_null(double value) {
  return value < 0 ? Json(nullptr) : Json(value);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json hex_or_null(const std::string& raw) {
  const auto digest = Digest::from_raw(raw);
  return digest ? Json(digest->hex()) : Json(nullptr);
}

/// Value `i` of the runs one after the other. Requires: there are more than `i`.
std::int64_t integer_at(const v1::AxisValues& values, std::uint64_t i) {
  for (const v1::IntegerRun& run : values.integers()) {
    if (i < run.count()) return run.first() + run.step() * static_cast<std::int64_t>(i);
    i -= run.count();
  }
  return 0;
}

/// [{name, hash}] of the pictures that a plan begins with.
Json inputs_json(const v1::Plan& plan) {
  Json inputs = Json::array();
  for (const v1::PictureRef& picture : spec::inputs_of(plan)) {
    inputs.push_back({{"name", picture.name()}, {"hash", hex_or_null(picture.hash())}});
  }
  return inputs;
}

}  // namespace

std::string document(const Json& json) {
  return json.dump(kIndent, kSpace, false, Json::error_handler_t::replace) + "\n";
}

std::string json_line(const Json& json) {
  return json.dump(-1, kSpace, false, Json::error_handler_t::replace) + "\n";
}

std::string_view job_state_name(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_PENDING:
      return "pending";
    case v1::JOB_STATE_RUNNING:
      return "running";
    case v1::JOB_STATE_DONE:
      return "done";
    case v1::JOB_STATE_FAILED:
      return "failed";
    case v1::JOB_STATE_CANCELLED:
      return "cancelled";
    case v1::JOB_STATE_UNSPECIFIED:
    case v1::JobState_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::JobState_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "unknown";
}

std::string_view cell_state_name(v1::CellState state) {
  switch (state) {
    case v1::CELL_STATE_PENDING:
      return "pending";
    case v1::CELL_STATE_LEASED:
      return "running";
    case v1::CELL_STATE_DONE:
      return "done";
    case v1::CELL_STATE_CACHED:
      return "cached";
    case v1::CELL_STATE_FAILED:
      return "failed";
    case v1::CELL_STATE_CANCELLED:
      return "cancelled";
    case v1::CELL_STATE_SKIPPED:
      return "skipped";
    case v1::CELL_STATE_INFEASIBLE:
      return "infeasible";
    case v1::CELL_STATE_UNSPECIFIED:
    case v1::CellState_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::CellState_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "unknown";
}

/// Of a longer axis the first values are shown; its "count" tells all.
constexpr std::uint64_t kMostAxisValues = 100'000;

Json axis_value(const spec::Grid& grid, std::size_t axis, std::uint64_t i) {
  const v1::AxisValues& values = grid.plan().axes(static_cast<int>(axis)).values();
  if (values.integers_size() > 0) return integer_at(values, i);
  if (values.numbers_size() > 0) return values.numbers(static_cast<int>(i));
  return grid.value_label(axis, i);
}

Json coordinates_of(const spec::Grid& grid, std::uint64_t index) {
  Json coordinates = Json::object();
  const auto position = grid.coordinates(index);
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    const v1::PlanAxis& described = grid.plan().axes(static_cast<int>(axis));
    // Two axes may carry one label (two S/R axes); both are told.
    std::string key = described.label();
    for (int n = 2; coordinates.contains(key); ++n) {
      key = described.label() + " " + std::to_string(n);
    }
    coordinates[key] = axis_value(grid, axis, position[axis]);
  }
  return coordinates;
}

Json axes_of(const spec::Grid& grid) {
  Json axes = Json::array();
  for (std::size_t axis = 0; axis < grid.lengths().size(); ++axis) {
    const v1::PlanAxis& described = grid.plan().axes(static_cast<int>(axis));
    Json values = Json::array();
    const std::uint64_t count = grid.lengths()[axis];
    for (std::uint64_t i = 0; i < std::min(count, kMostAxisValues); ++i) {
      values.push_back(axis_value(grid, axis, i));
    }
    axes.push_back(Json{{"label", described.label()},
                        {"field", described.field()},
                        {"count", count},
                        {"values", std::move(values)}});
  }
  return axes;
}

Json counts_of(const v1::CellCounts& counts) {
  return {{"total", counts.total()},          {"pending", counts.pending()},
          {"running", counts.running()},      {"done", counts.done()},
          {"cached", counts.cached()},        {"failed", counts.failed()},
          {"cancelled", counts.cancelled()},  {"skipped", counts.skipped()},
          {"infeasible", counts.infeasible()}};
}

Json job_json(const v1::JobView& job) {
  Json json = {
      {"schema", "furrow.job/1"},
      {"id", job.id() == 0 ? Json(nullptr) : Json(job.id())},
      {"name", job.name()},
      {"state", job_state_name(job.state())},
      {"owner", job.owner()},
      {"priority", job.priority()},
      {"created_at", time_or_null(job.created_at_ms())},
      {"finished_at", time_or_null(job.finished_at_ms())},
      {"cells", counts_of(job.cells())},
      {"eta_s", known_or_null(job.eta_s())},
      {"cells_per_second", job.cells_per_second() > 0 ? Json(job.cells_per_second()) : Json()},
      {"render_seconds", job.render_seconds()},
      {"waiting_for", text_or_null(job.waiting_for())}};
  if (job.has_plan()) {
    json["axes"] = axes_of(spec::Grid(job.plan()));
    json["inputs"] = inputs_json(job.plan());
  }
  return json;
}

Json cell_json(const spec::Grid& grid, const v1::CellView& cell) {
  const bool rendered =
      cell.state() == v1::CELL_STATE_DONE || cell.state() == v1::CELL_STATE_CACHED;
  return {{"index", cell.index()},
          {"coordinates", coordinates_of(grid, cell.index())},
          {"state", cell_state_name(cell.state())},
          {"attempt", cell.attempt()},
          {"worker", text_or_null(cell.worker())},
          {"seconds", rendered ? Json(cell.seconds()) : Json(nullptr)},
          {"seed", grid.recipe(cell.index()).seed()},
          {"artifact", hex_or_null(cell.artifact())},
          {"error", text_or_null(cell.error())}};
}

Json recipe_json(const v1::Recipe& recipe) {
  Json json = {{"prompt", recipe.prompt()},
               {"negative_prompt", recipe.negative_prompt()},
               {"seed", recipe.seed()},
               {"steps", recipe.steps()},
               {"guidance_scale", recipe.guidance_scale()},
               {"sampler", recipe.sampler()},
               {"schedule", recipe.schedule()},
               {"width", recipe.width()},
               {"height", recipe.height()},
               {"clip_skip", recipe.clip_skip()},
               {"model", recipe.model().name()},
               {"model_hash", hex_or_null(recipe.model().hash())}};
  if (recipe.has_vae()) {
    json["vae"] = recipe.vae().name();
    json["vae_hash"] = hex_or_null(recipe.vae().hash());
  }
  json.update(parts_json(recipe));
  return json;
}

Json worker_json(const v1::WorkerView& worker) {
  Json devices = Json::array();
  for (const v1::DeviceInfo& device : worker.devices()) {
    devices.push_back(Json{{"device", device.device()},
                           {"name", device.name()},
                           {"memory_bytes", device.memory_bytes()},
                           {"backend", device.backend()},
                           {"precision", device.precision()},
                           {"max_batch", device.max_batch()},
                           {"samplers", device.samplers()},
                           {"families", device.families()}});
  }
  Json models = Json::array();
  for (const v1::ModelOnDisk& model : worker.models()) models.push_back(model.model().name());
  return {{"id", worker.worker()},
          {"name", worker.name()},
          {"connected", worker.connected()},
          {"version", worker.version()},
          {"devices", std::move(devices)},
          {"models", std::move(models)},
          {"held", worker.held()},
          {"credits", worker.credits()},
          {"done", worker.done()},
          {"failed", worker.failed()},
          {"last_seen", time_or_null(worker.last_seen_ms())},
          {"doing", text_or_null(worker.doing())}};
}

Json model_json(const v1::ModelOnDisk& model) {
  return {{"name", model.model().name()},     {"hash", hex_or_null(model.model().hash())},
          {"family", model.family()},         {"default_size", model.default_size()},
          {"vae_factor", model.vae_factor()}, {"vae_only", model.vae_only()}};
}

}  // namespace furrow::cli
