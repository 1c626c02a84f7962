#include "common/base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace furrow {
namespace {

Result<int> parse_digit(char c) {
  if (c < '0' || c > '9') return fail(ErrorKind::Invalid, std::string("not a digit: ") + c);
  return c - '0';
}

Result<std::string> twice(char c) {
  FURROW_TRY(const int digit, parse_digit(c));
  return std::to_string(2 * digit);
}

Result<void> check_two(char a, char b) {
  FURROW_TRY_VOID(parse_digit(a));
  FURROW_TRY_VOID(parse_digit(b));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  const auto value = parse_digit('7');
  const auto error = parse_digit('x');

  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 7);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error(), (Error{ErrorKind::Invalid, "not a digit: x"}));
}

TEST(Result, TryPassesTheErrorOnThroughAnotherType) {
  EXPECT_EQ(*twice('4'), "8");
  EXPECT_EQ(twice('y').error().message, "not a digit: y");
}

TEST(Result, TryVoidStopsAtTheFirstError) {
  EXPECT_TRUE(check_two('1', '2'));
  EXPECT_EQ(check_two('a', 'b').error().message, "not a digit: a");
}

TEST(Result, AStringValueIsNotTakenForAnError) {
  const Result<std::string> result = std::string("text");

  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "text");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);

  const std::unique_ptr<int> taken = *std::move(result);

  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, TheValueOfAnErrorEndsTheProcessWithItsMessage) {
  const auto error = parse_digit('x');

  EXPECT_DEATH(static_cast<void>(error.value()), "not a digit: x");
}

}  // namespace
}  // namespace furrow
