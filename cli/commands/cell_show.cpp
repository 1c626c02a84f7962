#include <charconv>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_page.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/session.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

Result<std::uint64_t> cell_index(const std::string& text) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorKind::Invalid,
                fmt::format("\"{}\" is not the index of a cell. See: furrow cell list J", text));
  }
  return index;
}

/// What happened in a failed try, without the enum's prefix: "out of memory" reads as "oom".
std::string failure_name(v1::FailureClass failure) {
  constexpr std::string_view kPrefix = "FAILURE_CLASS_";
  std::string name = v1::FailureClass_Name(failure);
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  for (char& c : name) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return name;
}

Json whole_cell_json(const spec::Grid& grid, const v1::CellView& cell) {
  Json json = {{"schema", "furrow.cell/1"}};
  json.update(cell_json(grid, cell));
  json["recipe"] = recipe_json(grid.recipe(cell.index()));
  const v1::Timing& timing = cell.timing();
  json["timing"] = {{"load", timing.load()},       {"encode", timing.encode()},
                    {"denoise", timing.denoise()}, {"decode", timing.decode()},
                    {"save", timing.save()},       {"total", timing.total()}};
  json["attempts"] = Json::array();
  for (const v1::AttemptView& attempt : cell.attempts()) {
    json["attempts"].push_back(Json{{"attempt", attempt.attempt()},
                                    {"worker", attempt.worker()},
                                    {"failure", failure_name(attempt.class_())},
                                    {"detail", attempt.detail()},
                                    {"log_tail", attempt.log_tail()},
                                    {"ended_at", rfc3339(attempt.ended_at_ms())}});
  }
  return json;
}

std::string page(const v1::JobView& job, const spec::Grid& grid, const v1::CellView& cell) {
  std::string text = fmt::format("cell {} of job {} {}: {}\n", cell.index(), job.id(),
                                 printable(job.name()), cell_state_name(cell.state()));
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += pad_to(std::string(name), 12) + printable(value) + "\n";
  };
  const auto position = grid.coordinates(cell.index());
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    row(grid.plan().axes(static_cast<int>(axis)).label(), grid.value_label(axis, position[axis]));
  }
  if (cell.attempt() > 0) row("try", std::to_string(cell.attempt()));
  row("worker", cell.worker());
  if (cell.steps() > 0) row("step", fmt::format("{} of {}", cell.step(), cell.steps()));
  if (cell.seconds() > 0) {
    const v1::Timing& t = cell.timing();
    row("time",
        fmt::format("{} (load {}, encode {}, denoise {}, decode {})", duration_text(cell.seconds()),
                    duration_text(t.load()), duration_text(t.encode()), duration_text(t.denoise()),
                    duration_text(t.decode())));
  }
  if (const auto digest = Digest::from_raw(cell.artifact())) {
    row("picture", fmt::format("{} ({})", digest->hex(), bytes_text(cell.artifact_bytes())));
  }
  row("error", cell.error());
  const v1::Recipe recipe = grid.recipe(cell.index());
  row("prompt", recipe.prompt());
  row("negative", recipe.negative_prompt());
  row("recipe", recipe_text(recipe));
  for (const v1::AttemptView& attempt : cell.attempts()) {
    text += fmt::format("\ntry {} on {} failed ({}): {}\n", attempt.attempt(),
                        printable(attempt.worker()), failure_name(attempt.class_()),
                        printable(attempt.detail(), Lines::Keep));
    if (!attempt.log_tail().empty()) text += printable(attempt.log_tail(), Lines::Keep) + "\n";
  }
  return text;
}

}  // namespace

std::span<const Flag> cell_show_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_cell_show(const Arguments& arguments, Console& console) {
  FURROW_TRY(const std::uint64_t index, cell_index(arguments.operands()[1]));
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands()[0]));
  const spec::Grid grid(job.plan());
  if (index >= grid.cell_count()) {
    return fail(ErrorKind::NotFound, fmt::format("Job {} has no cell {}; its cells are 0 to {}.",
                                                 job.id(), index, grid.cell_count() - 1));
  }
  v1::ClientRequest request;
  request.mutable_show_cell()->mutable_job()->set_text(std::to_string(job.id()));
  request.mutable_show_cell()->set_index(index);
  FURROW_TRY(const v1::ClientReply reply, client.ask(std::move(request)));
  if (reply.cells().cells().empty()) {
    return fail(ErrorKind::NotFound, fmt::format("Job {} has no cell {}.", job.id(), index));
  }
  const v1::CellView& cell = reply.cells().cells(0);
  console.out << (arguments.has("json") ? document(whole_cell_json(grid, cell))
                                        : page(job, grid, cell));
  return config::kExitOk;
}

}  // namespace furrow::cli
