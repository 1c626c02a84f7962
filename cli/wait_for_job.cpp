#include "cli/wait_for_job.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output/json.h"
#include "cli/output/progress_display.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "common/base/clock.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

/// How often the line is looked at while nothing comes: its estimate counts down by itself, and the
/// window may have another width.
constexpr milliseconds kTick{100};

/// One wait: the newest of the job and what is shown of it.
class Wait {
 public:
  Wait(const v1::JobView& job, Console& console, const WaitOptions& options)
      : job_(job),
        heard_at_(Now::read().instant),
        console_(console),
        options_(options),
        display_(console.err, [this] { return terminal(); }) {}

  Result<v1::JobView> run(Client& client);

 private:
  Terminal terminal() const {
    return console_.err_terminal.is_terminal ? describe_terminal(STDERR_FILENO)
                                             : console_.err_terminal;
  }

  void take(const Client::News& news);
  void show();
  bool cannot_go_on(Instant now);
  Result<v1::JobView> end();
  Error detached(const char* why, ErrorKind kind);
  ProgressState state() const;

  v1::JobView job_;
  Instant heard_at_;
  bool connection_lost_ = false;
  std::optional<Instant> infeasible_since_;
  Console& console_;
  const WaitOptions& options_;
  ProgressDisplay display_;
};

Result<v1::JobView> Wait::run(Client& client) {
  const Instant started = Now::read().instant;
  if (options_.show == Show::JsonLines) console_.out << json_line(job_json(job_)) << std::flush;
  if (!is_terminal(job_.state())) client.watch(job_.id());
  while (!is_terminal(job_.state()) && !cannot_go_on(Now::read().instant)) {
    if (options_.timeout && Now::read().instant - started >= *options_.timeout) {
      display_.leave();
      return Unexpected(detached("the time is up", ErrorKind::Timeout));
    }
    show();
    const auto news = client.next_news(kTick);
    if (!news && news.error().kind == ErrorKind::Cancelled) {
      display_.leave();
      return Unexpected(detached("detached", ErrorKind::Cancelled));
    }
    if (!news) {
      display_.leave();
      return news.unexpected();
    }
    take(*news);
  }
  return end();
}

void Wait::take(const Client::News& news) {
  switch (news.kind) {
    case Client::News::Kind::Nothing:
      break;
    case Client::News::Kind::LostConnection:
      connection_lost_ = true;
      break;
    case Client::News::Kind::BackAgain:
      break;  // shown once the job has been heard of
    case Client::News::Kind::Job:
      connection_lost_ = false;
      heard_at_ = Now::read().instant;
      job_ = news.job;
      if (options_.show == Show::JsonLines) console_.out << json_line(job_json(job_)) << std::flush;
      break;
  }
}

bool Wait::cannot_go_on(Instant now) {
  if (!is_infeasible(job_)) {
    infeasible_since_.reset();
    return false;
  }
  if (!infeasible_since_) infeasible_since_ = now;
  return now - *infeasible_since_ >= options_.infeasible_patience;
}

ProgressState Wait::state() const {
  ProgressState state = progress_of(job_);
  const double passed = to_seconds(Now::read().instant - heard_at_);
  if (state.eta_s >= 0) state.eta_s = std::max(0.0, state.eta_s - passed);
  if (connection_lost_) {
    state.note = console_.err_terminal.unicode ? "reconnecting…" : "reconnecting...";
  }
  return state;
}

void Wait::show() {
  if (options_.show == Show::Progress) display_.show(state(), Now::read().instant);
}

Result<v1::JobView> Wait::end() {
  if (options_.show == Show::Progress) {
    ProgressState last = state();
    last.eta_s = -1;
    display_.finish(last);
  }
  return job_;
}

Error Wait::detached(const char* why, ErrorKind kind) {
  return {kind,
          fmt::format("{}: the job goes on. Come back with: furrow job watch {}", why, job_.id())};
}

}  // namespace

Result<v1::JobView> wait_for_job(Client& client, const v1::JobView& job, Console& console,
                                 const WaitOptions& options) {
  return Wait(job, console, options).run(client);
}

bool is_infeasible(const v1::JobView& job) {
  const v1::CellCounts& cells = job.cells();
  return !is_terminal(job.state()) && cells.infeasible() > 0 && cells.running() == 0 &&
         cells.pending() == 0;
}

ExitCode report_ending(const v1::JobView& job, Console& console) {
  const v1::CellCounts& cells = job.cells();
  const std::string name = job.name().empty() ? "" : fmt::format(" \"{}\"", printable(job.name()));
  const std::string title = fmt::format("job {}{}", job.id(), name);
  switch (job.state()) {
    case v1::JOB_STATE_DONE: {
      const std::string cached =
          cells.cached() > 0 ? fmt::format(" ({} known from before)", grouped(cells.cached())) : "";
      const std::string engine =
          job.render_seconds() > 0
              ? fmt::format(", {} of engine time", duration_text(job.render_seconds()))
              : "";
      console.err << fmt::format("{} is done: {}{}{}.\n", title, counted(cells.total(), "picture"),
                                 cached, engine);
      return config::kExitOk;
    }
    case v1::JOB_STATE_FAILED:
      console.err << fmt::format(
          "{} failed: {} of {}. See why: furrow cell list {} --state failed\n", title,
          grouped(cells.failed()), counted(cells.total(), "cell"), job.id());
      return config::kExitJobFailed;
    case v1::JOB_STATE_CANCELLED:
      console.err << fmt::format(
          "{} was cancelled after {} of {}. Go on with: furrow job retry {}\n", title,
          grouped(cells.done() + cells.cached()), counted(cells.total(), "cell"), job.id());
      return config::kExitJobCancelled;
    case v1::JOB_STATE_PENDING:
    case v1::JOB_STATE_RUNNING:
    case v1::JOB_STATE_UNSPECIFIED:
    case v1::JobState_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::JobState_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  console.err << fmt::format("{} cannot go on: {} that no worker can render. {}\n", title,
                             counted(cells.infeasible(), "cell"), printable(job.waiting_for()));
  return config::kExitInfeasible;
}

}  // namespace furrow::cli
