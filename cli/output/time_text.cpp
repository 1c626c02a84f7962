#include "cli/output/time_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace furrow::cli {

namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr double kLongest = 1e9;  // seconds; longer waits are shown and taken as this

Error not_a_duration(std::string_view text) {
  return {ErrorKind::Invalid,
          fmt::format("\"{}\" is not a duration. Write seconds, or units as in \"1h 30m\", \"45s\" "
                      "or \"250ms\".",
                      text)};
}

/// Seconds of a unit, 0 for a word that is none.
double seconds_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1;
  if (unit == "ms") return 0.001;
  if (unit == "m" || unit == "min") return kMinute;
  if (unit == "h") return kHour;
  if (unit == "d") return kDay;
  return 0;
}

std::string_view without_leading_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

std::string duration_text(double seconds) {
  if (!(seconds > 0)) return "0s";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(std::min(seconds, kLongest)));
  if (whole < kMinute) return fmt::format("{}s", whole);
  if (whole < kHour) return fmt::format("{}m {:02}s", whole / kMinute, whole % kMinute);
  if (whole < kDay) return fmt::format("{}h {:02}m", whole / kHour, whole % kHour / kMinute);
  return fmt::format("{}d {}h", whole / kDay, whole % kDay / kHour);
}

std::string rfc3339(std::int64_t unix_ms) {
  std::int64_t seconds = unix_ms / 1000;
  std::int64_t milliseconds = unix_ms % 1000;
  if (milliseconds < 0) {
    milliseconds += 1000;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     milliseconds);
}

std::string ago_text(std::int64_t unix_ms, std::int64_t now_unix_ms) {
  if (unix_ms <= 0) return "never";
  const auto passed = static_cast<double>(std::max<std::int64_t>(0, now_unix_ms - unix_ms)) / 1000;
  return passed < 1 ? "now" : duration_text(std::floor(passed)) + " ago";
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double seconds = 0;
  std::string_view rest = without_leading_spaces(text);
  if (rest.empty()) return Unexpected(not_a_duration(text));
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0) return Unexpected(not_a_duration(text));
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
    const auto unit_end = std::find_if_not(rest.begin(), rest.end(), is_letter);
    const auto unit = rest.substr(0, static_cast<std::size_t>(unit_end - rest.begin()));
    const double scale = seconds_of_unit(unit);
    if (scale == 0) return Unexpected(not_a_duration(text));
    seconds += number * scale;
    rest = without_leading_spaces(rest.substr(unit.size()));
  }
  if (!(seconds <= kLongest)) return Unexpected(not_a_duration(text));
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

}  // namespace furrow::cli
