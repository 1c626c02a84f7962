// Whatever people or programs send, reading it ends, keeps its bounds and speaks valid UTF-8.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "common/base/utf8.h"
#include "common/spec/axis.h"
#include "common/spec/grid.h"
#include "common/spec/recipe_json.h"
#include "common/spec/spec_file.h"
#include "common/spec/values.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

constexpr int kTries = 20'000;

/// Texts of the characters that mean something here, more often than chance would have them.
class RandomText {
 public:
  explicit RandomText(unsigned seed) : random_(seed) {}

  std::string next() {
    static constexpr std::string_view kParts[] = {
        "1",     "5",        "10",   "-",  ",",    "||",      "..",    "...",
        "(",     "+",        ")",    "[",  "]",    ":",       "\"",    "\\",
        "\n",    " ",        ".",    "e",  "_",    "x",       "×",     "a",
        "cat",   "Euler",    "{",    "}",  "'",    "#",       "&a ",   "*a",
        "- ",    "? ",       "\xff", "\0", "Seed", "params:", "axes:", "9223372036854775807",
        "1e308", "0.0000001"};
    std::string text;
    for (int n = pick(0, 12); n > 0; --n) text += kParts[pick(0, std::ssize(kParts) - 1)];
    return text;
  }

 private:
  int pick(long low, long high) {
    return static_cast<int>(std::uniform_int_distribution<long>(low, high)(random_));
  }

  std::mt19937 random_;
};

TEST(RandomInput, ListsOfValuesAreReadOrRefused) {
  RandomText random(1);
  for (int i = 0; i < kTries; ++i) {
    const std::string text = random.next();
    std::vector<ValueFault> faults;
    const auto tokens = split_values(text, faults);
    for (const IntegerItem& item : parse_integers(tokens, faults)) {
      ASSERT_LE(item.count, kMaxCells) << text;
      ASSERT_LT(item.token, tokens.size()) << text;
    }
    for (const NumberItem& item : parse_numbers(tokens, faults)) {
      ASSERT_TRUE(std::isfinite(item.value)) << text;
    }
    for (const ValueFault& fault : faults) ASSERT_FALSE(fault.what.empty()) << text;
  }
}

TEST(RandomInput, PlansComeOutWholeOrRefused) {
  RandomText random(2);
  for (int i = 0; i < kTries / 10; ++i) {
    SweepBuilder sweep = a_sweep().prompt("a cat");
    const auto& kind = axis_kinds()[static_cast<std::size_t>(i) % axis_kinds().size()];
    sweep.axis(kind.label, random.next());
    const auto plan = sweep.plan();
    if (!plan) {
      ASSERT_TRUE(is_valid_utf8(plan.error().message));
      continue;
    }
    const auto grid = Grid::open(plan->plan);
    ASSERT_TRUE(grid) << grid.error().message;
    for (const std::uint64_t index : {std::uint64_t{0}, grid->cell_count() - 1}) {
      ASSERT_TRUE(is_valid_utf8(grid->recipe(index).prompt()));
      static_cast<void>(grid->recipe_hash(index));
    }
  }
}

TEST(RandomInput, DocumentsAreReadOrRefused) {
  RandomText random(3);
  for (int i = 0; i < kTries / 4; ++i) {
    const std::string text = random.next();
    for (const SpecFormat format : {SpecFormat::Yaml, SpecFormat::Json}) {
      const auto spec = read_spec(text, format);
      if (!spec) {
        ASSERT_TRUE(is_valid_utf8(spec.error().message))
            << testing::PrintToString(spec.error().message) << " for " << testing::PrintToString(text);
      }
    }
    const auto recipe = recipe_from_json(text);
    if (!recipe) {
      ASSERT_FALSE(recipe.error().message.empty());
    }
    static_cast<void>(find_axis(text));
    static_cast<void>(parse_axis_flag(text, v1::AXIS_ROLE_X));
  }
}

}  // namespace
}  // namespace furrow::spec
