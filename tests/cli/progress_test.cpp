#include "cli/output/progress.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/output/progress_display.h"
#include "cli/output/text.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

ProgressState nineteen_of_36() {
  ProgressState state;
  state.title = "first";
  state.cells.set_total(36);
  state.cells.set_done(18);
  state.cells.set_failed(1);
  state.cells.set_running(4);
  state.cells.set_pending(13);
  state.cells_per_second = 0.8;
  state.eta_s = 21;
  return state;
}

Terminal terminal_of(int width, bool unicode = true) {
  return {.is_terminal = true, .width = width, .unicode = unicode, .colour = false};
}

TEST(ProgressLine, ShowsAllThereIsOnAWideTerminal) {
  EXPECT_EQ(progress_line(nineteen_of_36(), terminal_of(120)),
            "first  ▕███████████████▊              ▏   52%  19/36  ETA 21s  0.8/s  1 failed  "
            "4 running");
}

TEST(ProgressLine, LeavesTheLastColumnFreeAtEveryWidth) {
  for (const bool unicode : {true, false}) {
    for (int width = 5; width <= 200; ++width) {
      const auto line = progress_line(nineteen_of_36(), terminal_of(width, unicode));
      EXPECT_LT(display_width(line), static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(ProgressLine, KeepsPercentAndFailuresLongest) {
  const auto narrow = progress_line(nineteen_of_36(), terminal_of(26));
  EXPECT_THAT(narrow, HasSubstr("52%"));
  EXPECT_THAT(narrow, HasSubstr("19/36"));
  EXPECT_THAT(narrow, HasSubstr("1 failed"));
  EXPECT_THAT(narrow, Not(HasSubstr("running")));
  EXPECT_THAT(progress_line(nineteen_of_36(), terminal_of(8)), HasSubstr("52%"));
}

TEST(ProgressLine, IsPlainAsciiWhereTheLocaleIs) {
  const auto line = progress_line(nineteen_of_36(), terminal_of(100, false));

  EXPECT_THAT(line, HasSubstr("[#####"));
  for (const char c : line) EXPECT_GE(c, ' ');
}

TEST(ProgressLine, SaysWhatTheJobWaitsForInsteadOfAnEstimate) {
  ProgressState state = nineteen_of_36();
  state.note = "No worker is connected.";

  const auto line = progress_line(state, terminal_of(120));

  EXPECT_THAT(line, HasSubstr("No worker is connected."));
  EXPECT_THAT(line, Not(HasSubstr("ETA")));
}

TEST(ProgressLine, DoesNotLetANameSteerTheTerminal) {
  ProgressState state = nineteen_of_36();
  state.title = "\x1b[2J\nx";

  const auto line = progress_line(state, terminal_of(120));

  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(PercentFinished, IsHundredOnlyWhenNothingIsLeft) {
  v1::CellCounts cells;
  cells.set_total(1'000'000);
  cells.set_done(999'999);
  EXPECT_EQ(percent_finished(cells), 99);
  cells.set_cached(1);
  EXPECT_EQ(percent_finished(cells), 100);
}

TEST(Bar, FillsInEighths) {
  v1::CellCounts cells;
  cells.set_total(16);
  EXPECT_EQ(bar(cells, 2, true), "  ");
  cells.set_done(1);
  EXPECT_EQ(bar(cells, 2, true), "▏ ");
  cells.set_done(9);
  EXPECT_EQ(bar(cells, 2, true), "█▏");
  cells.set_done(16);
  EXPECT_EQ(bar(cells, 2, true), "██");
  EXPECT_EQ(bar(cells, 2, false), "##");
}

TEST(PlainProgressLine, IsWholeWhateverTheWidth) {
  EXPECT_EQ(plain_progress_line(nineteen_of_36()),
            "first: 52% 19/36, 4 running, 1 failed, 0.8/s, ETA 21s");
}

/// A display into a string, with a clock that the test moves.
class ProgressDisplayTest : public testing::Test {
 protected:
  explicit ProgressDisplayTest() = default;

  void show(const ProgressState& state, int after_ms) {
    now_ += milliseconds(after_ms);
    display_.show(state, now_);
  }

  /// What was written since the last look.
  std::string written() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  Terminal terminal_ = terminal_of(100);
  std::ostringstream out_;
  Instant now_;
  ProgressDisplay display_{out_, [this] { return terminal_; }};
};

TEST_F(ProgressDisplayTest, RedrawsOneLineInPlace) {
  ProgressState state = nineteen_of_36();
  show(state, 0);
  EXPECT_THAT(written(), testing::StartsWith("\rfirst"));
  state.cells.set_done(20);
  show(state, 200);
  EXPECT_THAT(written(), testing::AllOf(testing::StartsWith("\r"), Not(HasSubstr("\n"))));
  display_.finish(state);
  EXPECT_THAT(written(), testing::EndsWith("\n"));
}

TEST_F(ProgressDisplayTest, RedrawsAtMostTenTimesASecond) {
  ProgressState state = nineteen_of_36();
  int redraws = 0;
  for (int ms = 0; ms < 1000; ms += 10) {
    state.cells.set_done(state.cells.done() + 1);
    state.cells.set_total(1000);
    show(state, 10);
    if (!written().empty()) ++redraws;
  }
  EXPECT_LE(redraws, 10);
  EXPECT_GE(redraws, 9);
}

TEST_F(ProgressDisplayTest, WritesNothingWhenNothingChanged) {
  show(nineteen_of_36(), 0);
  written();
  show(nineteen_of_36(), 500);
  EXPECT_EQ(written(), "");
}

TEST_F(ProgressDisplayTest, SeesAResizedWindow) {
  show(nineteen_of_36(), 0);
  written();
  terminal_.width = 20;
  show(nineteen_of_36(), 500);
  EXPECT_LT(display_width(written()), 20u + 4);  // and the escape that clears the rest
}

TEST_F(ProgressDisplayTest, WritesPlainLinesSeldomInAPipe) {
  terminal_ = Terminal{};
  ProgressState state = nineteen_of_36();
  int lines = 0;
  for (int second = 0; second < 30; ++second) {
    state.cells.set_total(1000);
    state.cells.set_done(state.cells.done() + 1);
    show(state, 1000);
    const auto text = written();
    if (!text.empty()) ++lines;
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
  EXPECT_LE(lines, 11);
  EXPECT_GE(lines, 9);
}

TEST_F(ProgressDisplayTest, AnEstimateThatMovesIsNoNewsInAPipe) {
  terminal_ = Terminal{};
  ProgressState state = nineteen_of_36();
  show(state, 0);
  written();
  state.eta_s = 15;
  show(state, 10'000);
  EXPECT_EQ(written(), "");
}

TEST_F(ProgressDisplayTest, AlwaysWritesTheLastLineInAPipe) {
  terminal_ = Terminal{};
  ProgressState state = nineteen_of_36();
  show(state, 0);
  written();
  state.cells.set_done(35);
  state.cells.set_running(0);
  display_.finish(state);
  EXPECT_THAT(written(), HasSubstr("100% 36/36"));
}

}  // namespace

}  // namespace furrow::cli
