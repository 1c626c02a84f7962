#include "cli/output/time_text.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

TEST(DurationText, ShowsTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(0.42), "0.4s");
  EXPECT_EQ(duration_text(9.94), "9.9s");
  EXPECT_EQ(duration_text(9.96), "10s");
  EXPECT_EQ(duration_text(21), "21s");
  EXPECT_EQ(duration_text(59.6), "1m 00s");
  EXPECT_EQ(duration_text(185), "3m 05s");
  EXPECT_EQ(duration_text(3600), "1h 00m");
  EXPECT_EQ(duration_text(8040), "2h 14m");
  EXPECT_EQ(duration_text(3 * 86'400 + 4 * 3600), "3d 4h");
}

TEST(DurationText, SurvivesNumbersThatAreNone) {
  EXPECT_EQ(duration_text(-5), "0s");
  EXPECT_EQ(duration_text(std::nan("")), "0s");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), "11574d 1h");
}

TEST(Rfc3339, WritesUtcWithMilliseconds) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(1'783'935'000'250), "2026-07-13T09:30:00.250Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z");
}

TEST(AgoText, CountsFromNowBack) {
  EXPECT_EQ(ago_text(0, 5000), "never");
  EXPECT_EQ(ago_text(4800, 5000), "now");
  EXPECT_EQ(ago_text(1000, 186'000), "3m 05s ago");
  EXPECT_EQ(ago_text(9000, 5000), "now");  // another machine's clock is ahead
}

TEST(ParseDuration, ReadsNumbersWithUnits) {
  EXPECT_EQ(*parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(*parse_duration("1h 30m"), milliseconds(5'400'000));
  EXPECT_EQ(*parse_duration("2d"), milliseconds(172'800'000));
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "soon", "5 parsecs", "-3s", "3s4x", "1e300", "nan"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace

}  // namespace furrow::cli
