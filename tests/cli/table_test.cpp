#include "cli/output/table.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "cli/output/text.h"

namespace furrow::cli {

namespace {

Terminal terminal_of(int width) {
  return {.is_terminal = true, .width = width, .unicode = true, .colour = false};
}

Table two_jobs() {
  Table table({{"JOB", Align::Right}, {"NAME", Align::Left, 6}, {"STATE"}});
  table.add_row({"7", "a cat face in every style", "running"});
  table.add_row({"12", "first", "done"});
  return table;
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    widest = std::max(widest, display_width(line));
  }
  return widest;
}

TEST(Table, AlignsColumnsUnderTheirTitles) {
  EXPECT_EQ(two_jobs().render(terminal_of(80)),
            "JOB  NAME                       STATE\n"
            "  7  a cat face in every style  running\n"
            " 12  first                      done\n");
}

TEST(Table, CutsOnlyShrinkableColumnsToFitTheTerminal) {
  EXPECT_EQ(two_jobs().render(terminal_of(24)),
            "JOB  NAME        STATE\n"
            "  7  a cat fac…  running\n"
            " 12  first       done\n");
}

TEST(Table, NeverCutsAColumnBelowWhatItKeeps) {
  EXPECT_EQ(widest_line(two_jobs().render(terminal_of(5))), 3u + 2 + 6 + 2 + 7);
}

TEST(Table, IsNeverCutInAPipe) {
  EXPECT_EQ(two_jobs().render(Terminal{}), two_jobs().render(terminal_of(200)));
}

TEST(Table, MakesItsWordsPrintable) {
  Table table({{"NAME"}});
  table.add_row({"\x1b[2Jgone"});

  EXPECT_EQ(table.render(terminal_of(80)), "NAME\n\uFFFD[2Jgone\n");
}

TEST(Table, PaintsOnlyWhereThereIsColour) {
  Table table({{"STATE"}, {"N"}});
  table.add_row({{"done", Paint::Green}, "1"});
  Terminal terminal = terminal_of(80);

  EXPECT_EQ(table.render(terminal).find('\x1b'), std::string::npos);
  terminal.colour = true;
  EXPECT_NE(table.render(terminal).find("\x1b[32mdone"), std::string::npos);
}

}  // namespace

}  // namespace furrow::cli
