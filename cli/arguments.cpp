#include "cli/arguments.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace furrow::cli {

namespace {

/// The whole of `text` as a number, or nothing. A leading plus is fine.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string range_text(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max()) {
    return fmt::format("a whole number, {} or more", least);
  }
  return fmt::format("a whole number from {} to {}", least, most);
}

}  // namespace

std::optional<std::string> Arguments::text(std::string_view flag) const {
  const auto found = flags_.find(flag);
  if (found == flags_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::texts(std::string_view flag) const {
  const auto found = flags_.find(flag);
  return found == flags_.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::filesystem::path> Arguments::path(std::string_view flag) const {
  const auto given = text(flag);
  return given ? std::optional<std::filesystem::path>(*given) : std::nullopt;
}

Result<std::optional<std::int64_t>> Arguments::integer(std::string_view flag, std::int64_t least,
                                                       std::int64_t most) const {
  const auto given = text(flag);
  if (!given) return std::optional<std::int64_t>();
  const auto number = whole_number<std::int64_t>(*given);
  if (!number || *number < least || *number > most) {
    return fail(ErrorKind::Invalid,
                fmt::format("--{} takes {}, not \"{}\".", flag, range_text(least, most), *given));
  }
  return number;
}

Result<std::optional<double>> Arguments::number(std::string_view flag) const {
  const auto given = text(flag);
  if (!given) return std::optional<double>();
  const auto number = whole_number<double>(*given);
  if (!number || !std::isfinite(*number)) {
    return fail(ErrorKind::Invalid, fmt::format("--{} takes a number, not \"{}\".", flag, *given));
  }
  return number;
}

}  // namespace furrow::cli
