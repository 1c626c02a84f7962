#include <csignal>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/input_pictures.h"
#include "cli/output/job_page.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/process/signals.h"
#include "cli/session.h"
#include "cli/sheet/draw_sheet.h"
#include "cli/sweep_flags.h"
#include "cli/wait_for_job.h"
#include "common/config/exit_code.h"
#include "common/spec/sampler_names.h"

namespace furrow::cli {

namespace {

std::string samplers_text(const Terminal& terminal) {
  Table samplers({{"SAMPLER"}, {"LABEL"}, {"SCHEDULE"}, {"ALSO", Align::Left, 10}});
  for (const spec::SamplerName& sampler : spec::samplers()) {
    samplers.add_row({std::string(sampler.name), std::string(sampler.label),
                      std::string(sampler.default_schedule),
                      fmt::format("{}", fmt::join(sampler.aliases, ", "))});
  }
  Table schedules({{"SCHEDULE"}, {"LABEL"}, {"ALSO", Align::Left, 10}});
  for (const spec::ScheduleName& schedule : spec::schedules()) {
    schedules.add_row({std::string(schedule.name), std::string(schedule.label),
                       fmt::format("{}", fmt::join(schedule.aliases, ", "))});
  }
  return samplers.render(terminal) + "\n" + schedules.render(terminal) +
         "\nA sampler may carry its schedule: \"DPM++ 2M Karras\".\n";
}

Json plan_json(const v1::SubmitReply& reply) {
  const v1::PlanSummary& summary = reply.summary();
  const auto known = [](double value) { return value < 0 ? Json(nullptr) : Json(value); };
  return {{"schema", "furrow.plan/1"},
          {"name", reply.job().name()},
          {"cells", counts_of(reply.job().cells())},
          {"axes", axes_of(spec::Grid(reply.job().plan()))},
          {"base", recipe_json(reply.job().plan().base())},
          {"unique_cells", summary.unique_cells()},
          {"cache_hits", summary.cache_hits()},
          {"model_switches", summary.model_switches()},
          {"device_seconds", known(summary.device_seconds())},
          {"disk_bytes", summary.disk_bytes()},
          {"eta_s", known(summary.eta_s())},
          {"estimated", summary.estimated()},
          {"warnings", summary.warnings()}};
}

std::string plan_text(const v1::SubmitReply& reply, const Terminal& terminal) {
  const v1::PlanSummary& summary = reply.summary();
  const char* about = summary.estimated() ? "about " : "";
  const auto time = [](double seconds) {
    return seconds < 0 ? std::string("not known before something has run") : duration_text(seconds);
  };
  std::string text = fmt::format("{} would be queued\n", counted(summary.cells(), "cell"));
  text += axes_text(reply.job().plan(), terminal);
  text += fmt::format("base       {}\n", printable(recipe_text(reply.job().plan().base())));
  text += fmt::format("unique     {}{}\n", about, grouped(summary.unique_cells()));
  text += fmt::format("rendered   {}{} of them before\n", about, grouped(summary.cache_hits()));
  text += fmt::format("models     {}\n", counted(summary.model_switches(), "model load"));
  text += fmt::format("engines    {}\n", time(summary.device_seconds()));
  text += fmt::format("disk       {}\n", bytes_text(summary.disk_bytes()));
  text += fmt::format("ETA        {}\n", time(summary.eta_s()));
  return text;
}

void say_queued(const v1::JobView& job, Console& console) {
  console.err << fmt::format(
      "queued {} as job {}{}.\n", counted(job.cells().total(), "cell"), job.id(),
      job.name().empty() ? "" : fmt::format(" \"{}\"", printable(job.name())));
  if (!job.waiting_for().empty() && !is_terminal(job.state())) {
    console.err << printable(job.waiting_for()) << '\n';
  }
}

/// All that comes after the job is queued and is waited for.
Result<ExitCode> see_through(Client& client, const v1::JobView& job, int interrupt_fd,
                             const Arguments& arguments, Console& console) {
  WaitOptions options;
  if (const auto text = arguments.text("timeout")) {
    FURROW_TRY(options.timeout, parse_duration(*text));
  }
  FURROW_TRY(const v1::JobView ended, wait_for_job(client, job, console, options));
  const ExitCode code = report_ending(ended, console);
  if (const auto file = arguments.path("sheet")) {
    FURROW_TRY_VOID(draw_sheet(client, job, {*file, job.name(), 0}, interrupt_fd, console));
    (arguments.has("json") ? console.err : console.out) << file->string() << '\n';
  }
  if (arguments.has("json")) {
    FURROW_TRY(const v1::JobView whole, client.show_job(std::to_string(job.id())));
    console.out << document(job_json(whole));
  }
  return code;
}

}  // namespace

Result<ExitCode> run_submit(const Arguments& arguments, Console& console) {
  if (arguments.has("help-samplers")) {
    console.out << samplers_text(console.out_terminal);
    return config::kExitOk;
  }
  v1::SubmitJob submission;
  FURROW_TRY(*submission.mutable_spec(), sweep_of_flags(arguments));
  submission.set_dry_run(arguments.has("dry-run"));
  submission.set_client_token(arguments.text("client-token").value_or(""));
  if (const auto file = arguments.path("sheet")) FURROW_TRY_VOID(check_sheet_file(*file));
  if (const auto text = arguments.text("timeout")) FURROW_TRY_VOID(parse_duration(*text));
  FURROW_TRY(const auto pictures, hash_pictures(*submission.mutable_spec()));

  const bool waits = arguments.has("wait") || arguments.has("sheet");
  std::optional<SignalInbox> interrupts;
  if (waits) interrupts.emplace(std::initializer_list<int>{SIGINT});
  const int interrupt_fd = interrupts ? interrupts->fd() : -1;
  FURROW_TRY(Client client, connect_client(arguments, interrupt_fd));
  if (!submission.dry_run()) {
    FURROW_TRY(const auto sent, send_pictures(client, pictures, {.interrupt_fd = interrupt_fd}));
    if (!sent.empty()) console.err << fmt::format("sent {}.\n", counted(sent.size(), "picture"));
  }
  FURROW_TRY(const v1::SubmitReply reply, client.submit(std::move(submission)));
  for (const std::string& warning : reply.summary().warnings()) {
    console.err << "warning: " << printable(warning) << '\n';
  }
  if (arguments.has("dry-run")) {
    console.out << (arguments.has("json") ? document(plan_json(reply))
                                          : plan_text(reply, console.out_terminal));
    return config::kExitOk;
  }
  const v1::JobView& job = reply.job();
  say_queued(job, console);
  if (waits) return see_through(client, job, interrupt_fd, arguments, console);
  console.err << fmt::format(
      "Follow it with: furrow job watch {0}. Draw it with: furrow grid sheet {0}\n", job.id());
  console.out << (arguments.has("json") ? document(job_json(job)) : fmt::format("{}\n", job.id()));
  return config::kExitOk;
}

}  // namespace furrow::cli
