#include "cli/output/progress_display.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRedrawEvery{100};
constexpr milliseconds kPlainLineEvery{3000};
constexpr const char* kClearToEnd = "\x1b[K";

}  // namespace

void ProgressDisplay::show(const ProgressState& state, Instant now) {
  const Terminal terminal = terminal_();
  const auto pause = terminal.is_terminal ? kRedrawEvery : kPlainLineEvery;
  if (shown_at_ && now - *shown_at_ < pause) return;
  const std::string before = shown_;
  if (terminal.is_terminal) {
    redraw(state, terminal);
  } else {
    print(state);
  }
  if (shown_ != before) shown_at_ = now;
}

void ProgressDisplay::finish(const ProgressState& state) {
  const Terminal terminal = terminal_();
  if (terminal.is_terminal) {
    redraw(state, terminal);
    leave();
  } else {
    print(state);
  }
}

void ProgressDisplay::leave() {
  if (in_line_) out_ << '\n' << std::flush;
  in_line_ = false;
}

void ProgressDisplay::redraw(const ProgressState& state, const Terminal& terminal) {
  std::string line = progress_line(state, terminal);
  if (in_line_ && line == shown_) return;
  out_ << '\r' << line << kClearToEnd << std::flush;
  in_line_ = true;
  shown_ = std::move(line);
}

void ProgressDisplay::print(const ProgressState& state) {
  // An estimate that moves is no news by itself.
  ProgressState counts_only = state;
  counts_only.eta_s = -1;
  counts_only.cells_per_second = 0;
  std::string news = plain_progress_line(counts_only);
  if (news == shown_) return;
  out_ << plain_progress_line(state) << '\n' << std::flush;
  shown_ = std::move(news);
}

}  // namespace furrow::cli
