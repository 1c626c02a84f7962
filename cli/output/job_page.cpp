#include "cli/output/job_page.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/output/job_table.h"
#include "cli/output/json.h"
#include "cli/output/recipe_parts.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "common/base/digest.h"
#include "common/spec/grid.h"
#include "common/spec/inputs.h"

namespace furrow::cli {

namespace {

constexpr std::uint64_t kValuesShown = 40;
constexpr std::size_t kNameColumns = 11;

const char* role_text(v1::AxisRole role) {
  switch (role) {
    case v1::AXIS_ROLE_X:
      return "x";
    case v1::AXIS_ROLE_Y:
      return "y";
    case v1::AXIS_ROLE_Z:
      return "z";
    case v1::AXIS_ROLE_UNSPECIFIED:
    case v1::AxisRole_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::AxisRole_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "-";
}

/// "name       text", the text cut to the terminal.
std::string row(std::string_view name, std::string_view text, const Terminal& terminal) {
  const std::string line = pad_to(std::string(name), kNameColumns) + printable(text);
  return cut_to(line, static_cast<std::size_t>(terminal.width), terminal.unicode) + "\n";
}

std::string times_text(const v1::JobView& job) {
  std::string text = rfc3339(job.created_at_ms());
  if (job.finished_at_ms() == 0) return text;
  const auto took = static_cast<double>(job.finished_at_ms() - job.created_at_ms()) / 1000;
  return fmt::format("{}, over after {}", text, duration_text(took));
}

}  // namespace

std::string recipe_text(const v1::Recipe& recipe) {
  const std::string parts = parts_text(recipe);
  return fmt::format("{} steps, {} {}, CFG scale {}, {}x{}, seed {}, model {}{}{}", recipe.steps(),
                     recipe.sampler(), recipe.schedule(), recipe.guidance_scale(), recipe.width(),
                     recipe.height(), recipe.seed(), recipe.model().name(),
                     parts.empty() ? "" : ", ", parts);
}

std::string counts_text(const v1::CellCounts& cells) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t count, const char* state) {
    if (count > 0) parts.push_back(fmt::format("{} {}", grouped(count), state));
  };
  add(cells.done(), "done");
  add(cells.cached(), "cached");
  add(cells.running(), "running");
  add(cells.pending(), "pending");
  add(cells.failed(), "failed");
  add(cells.cancelled(), "cancelled");
  add(cells.skipped(), "skipped");
  add(cells.infeasible(), "infeasible");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string axes_text(const v1::Plan& plan, const Terminal& terminal) {
  const spec::Grid grid(plan);
  std::string text;
  for (std::size_t axis = 0; axis < grid.lengths().size(); ++axis) {
    const v1::PlanAxis& described = plan.axes(static_cast<int>(axis));
    const std::uint64_t count = grid.lengths()[axis];
    std::vector<std::string> values;
    for (std::uint64_t i = 0; i < std::min(count, kValuesShown); ++i) {
      values.push_back(grid.value_label(axis, i));
    }
    if (count > kValuesShown) values.push_back("… " + grid.value_label(axis, count - 1));
    const std::string listed = fmt::format("{}", fmt::join(values, ", "));
    text += row(axis == 0 ? "axes" : "",
                fmt::format("{} {} ({}): {}", role_text(described.role()), described.label(),
                            grouped(count), listed),
                terminal);
  }
  return text;
}

std::string job_page(const v1::JobView& job, const Terminal& terminal) {
  std::string state(job_state_name(job.state()));
  if (terminal.colour) state = paint_on(paint_of(job.state())) + state + kPaintOff;
  std::string text = fmt::format("job {} {}: {}\n", job.id(), printable(job.name()), state);
  text +=
      row("cells", fmt::format("{}: {}", grouped(job.cells().total()), counts_text(job.cells())),
          terminal);
  if (!job.waiting_for().empty()) text += row("waits for", job.waiting_for(), terminal);
  if (job.eta_s() >= 0 && job.finished_at_ms() == 0) {
    text += row("ETA", duration_text(job.eta_s()), terminal);
  }
  text += row("created", times_text(job), terminal);
  text += row("owner", fmt::format("{}, priority {}", job.owner(), job.priority()), terminal);
  if (job.render_seconds() > 0) {
    text += row("engine", fmt::format("{} in all", duration_text(job.render_seconds())), terminal);
  }
  text += axes_text(job.plan(), terminal);
  text += row("prompt", job.plan().base().prompt(), terminal);
  if (!job.plan().base().negative_prompt().empty()) {
    text += row("negative", job.plan().base().negative_prompt(), terminal);
  }
  text += row("base", recipe_text(job.plan().base()), terminal);
  for (const v1::PictureRef& picture : spec::inputs_of(job.plan())) {
    const auto digest = Digest::from_raw(picture.hash());
    text += row("picture",
                fmt::format("{} {}", picture.name(), digest ? digest->hex().substr(0, 12) : ""),
                terminal);
  }
  return text;
}

}  // namespace furrow::cli
