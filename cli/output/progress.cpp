#include "cli/output/progress.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "cli/output/text.h"
#include "cli/output/time_text.h"

namespace furrow::cli {

namespace {

constexpr int kWidestBar = 30;
constexpr int kNarrowestBar = 6;
constexpr std::size_t kTitleColumns = 24;
constexpr std::size_t kNoteColumns = 44;
constexpr const char* kGap = "  ";

std::string rate_text(double cells_per_second) {
  if (!(cells_per_second > 0)) return "";
  if (cells_per_second >= 100) return fmt::format("{:.0f}/s", cells_per_second);
  if (cells_per_second >= 0.1) return fmt::format("{:.1f}/s", cells_per_second);
  return fmt::format("{:.1f}/min", cells_per_second * 60);
}

/// A part of the line. Of those that do not fit the greatest rank goes first.
struct Part {
  std::string text;
  int rank = 0;
};

std::vector<Part> parts_of(const ProgressState& state, bool unicode) {
  const v1::CellCounts& cells = state.cells;
  std::vector<Part> parts;
  const auto add = [&](std::string text, int rank) {
    if (!text.empty()) parts.push_back({std::move(text), rank});
  };
  add(fmt::format("{:3}%", percent_finished(cells)), 0);
  add(fmt::format("{}/{}", grouped(finished_cells(cells)), grouped(cells.total())), 1);
  if (!state.note.empty()) {
    add(cut_to(printable(state.note), kNoteColumns, unicode), 3);
  } else if (state.eta_s >= 0) {
    add("ETA " + duration_text(state.eta_s), 3);
  }
  if (state.note.empty()) add(rate_text(state.cells_per_second), 5);
  if (cells.failed() > 0) add(fmt::format("{} failed", grouped(cells.failed())), 2);
  if (cells.infeasible() > 0) add(fmt::format("{} infeasible", grouped(cells.infeasible())), 4);
  if (cells.running() > 0) add(fmt::format("{} running", grouped(cells.running())), 6);
  return parts;
}

int columns_of(const std::vector<Part>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0, [](int sum, const Part& part) {
    return sum + static_cast<int>(display_width(part.text)) + 2;
  });
}

void drop_least(std::vector<Part>& parts) {
  parts.erase(std::max_element(parts.begin(), parts.end(),
                               [](const Part& a, const Part& b) { return a.rank < b.rank; }));
}

}  // namespace

ProgressState progress_of(const v1::JobView& job) {
  ProgressState state;
  state.title = job.name().empty() ? fmt::format("job {}", job.id()) : job.name();
  state.cells = job.cells();
  state.cells_per_second = job.cells_per_second();
  state.eta_s = job.eta_s();
  if (job.cells().running() == 0) state.note = job.waiting_for();
  return state;
}

std::uint64_t finished_cells(const v1::CellCounts& cells) {
  return cells.done() + cells.cached() + cells.failed() + cells.skipped();
}

int percent_finished(const v1::CellCounts& cells) {
  if (cells.total() == 0) return 100;
  const double share =
      static_cast<double>(finished_cells(cells)) / static_cast<double>(cells.total());
  return std::clamp(static_cast<int>(share * 100), 0, 100);
}

std::string bar(const v1::CellCounts& cells, int width, bool unicode) {
  static constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double share = cells.total() == 0 ? 1.0
                                          : static_cast<double>(finished_cells(cells)) /
                                                static_cast<double>(cells.total());
  const int eighths = static_cast<int>(std::clamp(share, 0.0, 1.0) * width * 8);
  std::string text;
  if (!unicode) {
    text.assign(static_cast<std::size_t>(eighths / 8), '#');
    return pad_to(std::move(text), static_cast<std::size_t>(width));
  }
  for (int block = 0; block < eighths / 8; ++block) text += "█";
  text += kEighths[static_cast<std::size_t>(eighths % 8)];
  return pad_to(std::move(text), static_cast<std::size_t>(width));
}

std::string progress_line(const ProgressState& state, const Terminal& terminal) {
  // The last column stays empty: a terminal may wrap a line that fills it.
  const int room = std::max(4, terminal.width - 1);
  auto parts = parts_of(state, terminal.unicode);
  while (parts.size() > 1 && columns_of(parts) - 2 > room) drop_least(parts);
  int left = room - columns_of(parts) + 2;

  std::string line;
  const std::string title = cut_to(printable(state.title), kTitleColumns, terminal.unicode);
  const int title_columns = static_cast<int>(display_width(title)) + 2;
  if (title_columns + kNarrowestBar + 4 <= left) {
    line = title + kGap;
    left -= title_columns;
  }
  const int bar_columns = std::min(kWidestBar, left - 4);
  if (bar_columns >= kNarrowestBar) {
    const char* open = terminal.unicode ? "▕" : "[";
    const char* close = terminal.unicode ? "▏" : "]";
    line += open + bar(state.cells, bar_columns, terminal.unicode) + close + kGap;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) line += (i == 0 ? "" : kGap) + parts[i].text;
  return cut_to(line, static_cast<std::size_t>(room), terminal.unicode);
}

std::string plain_progress_line(const ProgressState& state) {
  const v1::CellCounts& cells = state.cells;
  std::string line = fmt::format("{}: {}% {}/{}", printable(state.title), percent_finished(cells),
                                 finished_cells(cells), cells.total());
  const auto add = [&](const std::string& text) {
    if (!text.empty()) line += ", " + text;
  };
  if (cells.running() > 0) add(fmt::format("{} running", cells.running()));
  if (cells.failed() > 0) add(fmt::format("{} failed", cells.failed()));
  if (cells.infeasible() > 0) add(fmt::format("{} infeasible", cells.infeasible()));
  add(rate_text(state.cells_per_second));
  if (state.eta_s >= 0 && finished_cells(cells) < cells.total()) {
    add("ETA " + duration_text(state.eta_s));
  }
  add(printable(state.note));
  return line;
}

}  // namespace furrow::cli
