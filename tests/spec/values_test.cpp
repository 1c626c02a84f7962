#include "common/spec/values.h"

#include <initializer_list>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/plan.h"
#include "common/spec/text.h"

namespace furrow::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What a list comes to, as one line: the values in brackets, or the place of each fault.
std::string outcome(const std::vector<std::string>& values, const std::vector<ValueFault>& faults) {
  if (faults.empty()) return fmt::format("{}", fmt::join(values, " | "));
  std::vector<std::string> places;
  for (const ValueFault& fault : faults) {
    EXPECT_FALSE(fault.what.empty());
    places.push_back(fmt::format("fault at {} {}", fault.position, fault.token));
  }
  return fmt::format("{}", fmt::join(places, "; "));
}

std::string integers(std::string_view text) {
  std::vector<ValueFault> faults;
  const auto tokens = split_values(text, faults);
  std::vector<std::string> values;
  for (const IntegerItem& item : parse_integers(tokens, faults)) {
    for (std::uint64_t k = 0; k < item.count; ++k) {
      values.push_back(fmt::format("{}", item.first + item.step * static_cast<std::int64_t>(k)));
    }
  }
  return outcome(values, faults);
}

std::string numbers(std::string_view text) {
  std::vector<ValueFault> faults;
  const auto tokens = split_values(text, faults);
  std::vector<std::string> values;
  for (const NumberItem& item : parse_numbers(tokens, faults))
    values.push_back(shortest(item.value));
  return outcome(values, faults);
}

std::string texts(std::string_view text) {
  std::vector<ValueFault> faults;
  std::vector<std::string> values;
  for (const Token& token : split_values(text, faults)) values.push_back('<' + token.text + '>');
  return outcome(values, faults);
}

struct Row {
  std::string_view input;
  std::string_view comes_to;
};

void expect_rows(std::string (*read)(std::string_view), std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(read(row.input), row.comes_to) << "input: " << row.input;
}

TEST(Values, IntegersOfSdnextsTable) {
  expect_rows(integers, {
                            {"20,30", "20 | 30"},
                            {"1-5", "1 | 2 | 3 | 4 | 5"},
                            {"1-5:5", "1 | 2 | 3 | 4 | 5"},
                            {"1-3", "1 | 2 | 3"},
                            {"1-2", "1 | 2"},
                            {"1-10:4", "1 | 4 | 7 | 10"},
                            {"10-1:4", "10 | 7 | 4 | 1"},
                            {"5-1", "5 | 4 | 3 | 2 | 1"},
                            {"5-1:5", "5 | 4 | 3 | 2 | 1"},
                            {"10-10", "10"},
                            {"1-3:1", "1"},
                            {"1-3:0", "fault at 1 1-3:0"},
                            {"1,1,2", "1 | 1 | 2"},
                            {"-1", "-1"},
                            {"-5--1:3", "-5 | -3 | -1"},
                            {"-3-5:3", "-3 | 1 | 5"},
                            {"20-40:3,60", "20 | 30 | 40 | 60"},
                            {"1 - 5", "1 | 2 | 3 | 4 | 5"},
                            {"1-5 (+2)", "1 | 3 | 5"},
                            {"1-5 [3]", "1 | 3 | 5"},
                            {"1.5", "fault at 1 1.5"},
                            {"1.5-3.5:3", "fault at 1 1.5-3.5:3"},
                            {"3-", "fault at 1 3-"},
                            {"20,,30", "20 | 30"},
                            {"", ""},
                        });
}

TEST(Values, NumbersOfSdnextsTable) {
  expect_rows(numbers, {
                           {"0-1:5", "0 | 0.25 | 0.5 | 0.75 | 1"},
                           {"0.1-0.5", "0.1 | 0.5"},
                           {"1-4", "1 | 2 | 3 | 4"},
                           {".5-1:3", "0.5 | 0.75 | 1"},
                           {"1-0:3", "1 | 0.5 | 0"},
                           {"-1.5-1.5:4", "-1.5 | -0.5 | 0.5 | 1.5"},
                           {"0-0.01:3", "0 | 0.005 | 0.01"},
                           {"1e-3", "0.001"},
                       });
}

TEST(Values, TextsOfSdnextsTable) {
  expect_rows(texts, {
                         {"a\\, b,c", "<a, b> | <c>"},
                         {"\"a,b\",c", "<a,b> | <c>"},
                         {"a, ,b", "<a> | <> | <b>"},
                     });
}

TEST(Values, IntegersOfA1111sTable) {
  expect_rows(integers, {
                            {"1-5", "1 | 2 | 3 | 4 | 5"},
                            {"1-5 (+2)", "1 | 3 | 5"},
                            {"10-5 (-3)", "10 | 7"},
                            {"10-5", "10 | 9 | 8 | 7 | 6 | 5"},
                            {"1-10 [5]", "1 | 3 | 5 | 7 | 10"},
                            {"10-1 [4]", "10 | 7 | 4 | 1"},
                            {"1-3 [0]", "fault at 1 1-3 [0]"},
                            {"1-5 [1]", "1"},
                            {"5-5", "5"},
                            {"1,2,2", "1 | 2 | 2"},
                            {"-5--1", "-5 | -4 | -3 | -2 | -1"},
                            {"-5 - -1", "-5 | -4 | -3 | -2 | -1"},
                            {"20-60 (+20), 80", "20 | 40 | 60 | 80"},
                            {"1-10 (+0)", "fault at 1 1-10 (+0)"},
                            {"1-5 (2)", "fault at 1 1-5 (2)"},
                            {"0.0-1.0 [6]", "fault at 1 0.0-1.0 [6]"},
                        });
}

TEST(Values, NumbersOfA1111sTable) {
  expect_rows(numbers, {
                           {"1-3", "1 | 2 | 3"},
                           {"5-3", "5 | 4 | 3"},
                           {"0-1 (+0.25)", "0 | 0.25 | 0.5 | 0.75 | 1"},
                           {"7-5 (-0.5)", "7 | 6.5 | 6 | 5.5 | 5"},
                           {"0.1-0.5 (+0.1)", "0.1 | 0.2 | 0.3 | 0.4 | 0.5"},
                           {"0.1-0.3 (+0.1)", "0.1 | 0.2 | 0.3"},
                           {"0-1 (+0.3)", "0 | 0.3 | 0.6 | 0.9"},
                           {"1-2 (+0.7)", "1 | 1.7"},
                           {"0-1 [5]", "0 | 0.25 | 0.5 | 0.75 | 1"},
                           {"1-0 [3]", "1 | 0.5 | 0"},
                           {"1-5 [2.5]", "fault at 1 1-5 [2.5]"},
                           {".5-1", "0.5 | 1"},
                           {"1e-3", "0.001"},
                           {"1x-2", "fault at 1 1x-2"},
                           {"0.0-1.0 [6]", "0 | 0.2 | 0.4 | 0.6 | 0.8 | 1"},
                       });
}

TEST(Values, TextsOfA1111sTable) {
  expect_rows(texts, {
                         {"\"a, b\", c", "<a, b> | <c>"},
                         {"\"a \"\"q\"\" b\",c", "<a \"q\" b> | <c>"},
                         {"a,,b", "<a> | <> | <b>"},
                         {"cat,dog\nowl", "<cat> | <dog> | <owl>"},
                     });
}

TEST(Values, DoublePipesSeparateWhereTheyStandOutsideOfQuotes) {
  expect_rows(texts, {
                         {"a, b || c", "<a, b> | <c>"},
                         {"a,\nb || c\n", "<a,\nb> | <c>"},
                         {"a\\, b || c", "<a\\, b> | <c>"},
                         {"\"a || b\", c", "<a || b> | <c>"},
                         {"\"a || b\" || \"c, d\"", "<a || b> | <c, d>"},
                         {"a || || b", "<a> | <> | <b>"},
                         {"a || b ||", "<a> | <b>"},
                         {"a | b, c", "<a | b> | <c>"},
                     });
}

TEST(Values, AnEmptyValueThatEndsALineIsNoneAndQuotesMakeItOne) {
  expect_rows(texts, {
                         {"", ""},
                         {" \n\t\r\n", ""},
                         {"a,\r\nb,\r\n\r\n", "<a> | <b>"},
                         {"a, \"\"", "<a> | <>"},
                         {"\"\"", "<>"},
                         {",a", "<> | <a>"},
                     });
}

TEST(Values, QuotesKeepSpacesAndNewLines) {
  expect_rows(texts, {
                         {"\" a \",b", "< a > | <b>"},
                         {"\"a\nb\" , c", "<a\nb> | <c>"},
                         {"5\" tall, b", "<5\" tall> | <b>"},
                         {"(a:1.2), \\(b\\)", "<(a:1.2)> | <\\(b\\)>"},
                     });
}

TEST(Values, QuotesThatDoNotCloseOrGoOnAreFaults) {
  expect_rows(texts, {
                         {"a, \"b, c", "fault at 2 \"b, c"},
                         {"\"STOP\" sign, b", "fault at 1 \"STOP\" sign"},
                         {"a, \"b\"c, \"d", "fault at 2 \"b\"c; fault at 3 \"d"},
                     });
}

TEST(Values, DottedRangesIncludeTheirEndsAndTurnTheirStep) {
  expect_rows(integers, {
                            {"1..5", "1 | 2 | 3 | 4 | 5"},
                            {"5..1", "5 | 4 | 3 | 2 | 1"},
                            {"1..9:4", "1 | 5 | 9"},
                            {"1 .. 10 : 4", "1 | 5 | 9"},
                            {"9..1:4", "9 | 5 | 1"},
                            {"9..1:-4", "9 | 5 | 1"},
                            {"-2..2:2", "-2 | 0 | 2"},
                            {"1..9:-4", "fault at 1 1..9:-4"},
                            {"1..9:0", "fault at 1 1..9:0"},
                            {"1...9", "fault at 1 1...9"},
                            {"1..", "fault at 1 1.."},
                            {"1..5 (+2)", "fault at 1 1..5 (+2)"},
                        });
  expect_rows(numbers, {
                           {"0..1:0.25", "0 | 0.25 | 0.5 | 0.75 | 1"},
                           {"1...5:2", "fault at 1 1...5:2"},
                           {"0.5..0.6", "0.5 | 0.6"},
                       });
}

TEST(Values, DotsGoOnAsTheListBeganUpToTheNextValue) {
  expect_rows(integers, {
                            {"1, 2, .., 6", "1 | 2 | 3 | 4 | 5 | 6"},
                            {"1, 3, ..., 9", "1 | 3 | 5 | 7 | 9"},
                            {"1, 3, ...., 10", "1 | 3 | 5 | 7 | 9 | 10"},
                            {"10, 8, .., 2, 1", "10 | 8 | 6 | 4 | 2 | 1"},
                            {"1-3, .., 6", "1 | 2 | 3 | 4 | 5 | 6"},
                            {"1 || 2 || .. || 4", "1 | 2 | 3 | 4"},
                            {"1, 2, .., 4, 8, .., 16", "1 | 2 | 3 | 4 | 8 | 12 | 16"},
                            {"1, 2, .., 2", "1 | 2 | 2"},
                            {"1, .., 5", "fault at 2 .."},
                            {"1, 2, ..", "fault at 3 .."},
                            {"2, 1, .., 5", "fault at 3 .."},
                            {"1, 1, .., 5", "fault at 3 .."},
                            {"1, 2, .., 5-7", "fault at 3 .."},
                        });
  expect_rows(numbers, {
                           {"0, 0.1, .., 0.5", "0 | 0.1 | 0.2 | 0.3 | 0.4 | 0.5"},
                           {"1, 1.5, .., 3.2", "1 | 1.5 | 2 | 2.5 | 3 | 3.2"},
                           {"3, 2, .., 1, 0.5", "3 | 2 | 1 | 0.5"},
                       });
}

TEST(Values, SpellingsOfNumbers) {
  expect_rows(integers, {
                            {"007", "7"},
                            {"1_000", "1000"},
                            {"+5", "5"},
                            {"1__0", "fault at 1 1__0"},
                            {"_1", "fault at 1 _1"},
                            {"1e3", "fault at 1 1e3"},
                            {"0x10", "fault at 1 0x10"},
                            {"seven", "fault at 1 seven"},
                            {"9223372036854775807", "9223372036854775807"},
                            {"9223372036854775808", "fault at 1 9223372036854775808"},
                        });
  expect_rows(numbers, {
                           {"7.", "7"},
                           {".5", "0.5"},
                           {"7.12345678", "7.12345678"},
                           {"1e999", "fault at 1 1e999"},
                           {"inf", "fault at 1 inf"},
                           {"nan", "fault at 1 nan"},
                           {"1,5", "1 | 5"},
                           {"1e-3-3e-3 (+1e-3)", "0.001 | 0.002 | 0.003"},
                       });
}

TEST(Values, AStepMustLeadToTheEnd) {
  expect_rows(integers, {
                            {"1-5 (-2)", "fault at 1 1-5 (-2)"},
                            {"5-1 (+2)", "fault at 1 5-1 (+2)"},
                            {"1-5 (+2", "fault at 1 1-5 (+2"},
                            {"1-5 [3", "fault at 1 1-5 [3"},
                            {"1-5 [-3]", "fault at 1 1-5 [-3]"},
                            {"1-5 (+2) [3]", "fault at 1 1-5 (+2) [3]"},
                            {"5-5 (+2)", "5"},
                            {"5-5 [3]", "5 | 5 | 5"},
                        });
}

TEST(Values, EveryFaultIsToldWithItsTokenAndPlace) {
  std::vector<ValueFault> faults;
  const auto tokens = split_values("1, x, 3, 4-, 1-5 (2)", faults);

  parse_integers(tokens, faults);

  ASSERT_EQ(faults.size(), 3U);
  EXPECT_EQ(faults[0].position, 2U);
  EXPECT_EQ(faults[0].token, "x");
  EXPECT_THAT(faults[0].what, HasSubstr("is not a whole number"));
  EXPECT_EQ(faults[1].position, 4U);
  EXPECT_EQ(faults[2].position, 5U);
  EXPECT_THAT(faults[2].what, HasSubstr("1-5 (+2)"));
}

TEST(Values, ALongRangeOfIntegersStaysOneItem) {
  std::vector<ValueFault> faults;

  const auto items = parse_integers(split_values("0-99999999", faults), faults);

  EXPECT_THAT(faults, IsEmpty());
  EXPECT_THAT(items, ElementsAre(IntegerItem{0, 1, 100'000'000, 0}));
}

TEST(Values, RangesAreBounded) {
  expect_rows(integers, {
                            {"0-100000000", "fault at 1 0-100000000"},
                            {"-9223372036854775808-9223372036854775807",
                             "fault at 1 -9223372036854775808-9223372036854775807"},
                            {"0-1000000 [999999]", "fault at 1 0-1000000 [999999]"},
                        });
  expect_rows(numbers, {
                           {"0-1 (+0.000001)", "fault at 1 0-1 (+0.000001)"},
                           {"0-1 (+1e-9)", "fault at 1 0-1 (+1e-9)"},
                           {"0-1e308", "fault at 1 0-1e308"},
                       });
}

TEST(Values, RangesOfNumbersStayFinite) {
  EXPECT_EQ(numbers("1e303-3e303 [3]"), "1e+303 | 2e+303 | 3e+303");
  EXPECT_EQ(numbers("1e308--1e308 [3]"), "fault at 1 1e308--1e308 [3]");
  EXPECT_EQ(numbers("-1e308, 1e308, .., 1.5e308"), "fault at 3 ..");
}

TEST(Values, BlanksAreReadOnce) {
  const std::string blanks(kMaxAxisText, ' ');
  std::vector<ValueFault> faults;

  EXPECT_THAT(split_values(blanks, faults), IsEmpty());
}

TEST(Values, ListsAreBounded) {
  std::vector<ValueFault> faults;
  std::string many;
  for (std::size_t i = 0; i <= kMaxListedValues; ++i) many += "1,";

  split_values(many, faults);
  split_values(std::string(kMaxAxisText + 1, 'a'), faults);

  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].position, 0U);
  EXPECT_EQ(faults[1].position, 0U);
}

TEST(Values, SpreadIntegersEndExactlyWhereTheyShould) {
  for (const auto& [first, last, count] :
       {std::tuple(0, 1'000'000'007, 13), std::tuple(7, -9, 5), std::tuple(-10, 10, 7)}) {
    std::vector<ValueFault> faults;
    const std::string text = fmt::format("{}-{} [{}]", first, last, count);
    const auto items = parse_integers(split_values(text, faults), faults);

    EXPECT_THAT(faults, IsEmpty());
    EXPECT_EQ(items.front().first, first) << text;
    EXPECT_EQ(items.back().last(), last) << text;
  }
}

TEST(Values, SizesInTheirSpellings) {
  for (const std::string_view text : {"512x768", "512X768", " 512 x 768 ", "512×768", "512*768"}) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(size->width(), 512U) << text;
    EXPECT_EQ(size->height(), 768U) << text;
  }
  for (const std::string_view text :
       {"", "512", "512x", "x512", "512x768x3", "5.5x6", "-1x5", "axb", "99999999999x8"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

}  // namespace
}  // namespace furrow::spec
