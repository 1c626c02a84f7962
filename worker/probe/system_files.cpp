#include "worker/probe/system_files.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "common/base/files.h"

namespace furrow::worker::probe {

namespace {

/// A machine has fewer CPUs than this; guards against lists that make no sense.
constexpr int kMaxCpus = 1 << 16;

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  const auto text = read_file(path);
  return text ? std::string(trim(*text)) : std::string();
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  return parse_number(read_text(path));
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  text = trim(text);
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, is_hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string field(std::string_view text, std::string_view key, char separator) {
  for (const auto& line : split_lines(text)) {
    const auto at = line.find(separator);
    if (at != std::string::npos && trim(std::string_view(line).substr(0, at)) == key) {
      return std::string(trim(std::string_view(line).substr(at + 1)));
    }
  }
  return {};
}

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  text = trim(text);
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto range = text.substr(0, end);
    const auto dash = range.find('-');
    const auto first = parse_number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    if (!first || !last || *last >= kMaxCpus) return {};
    for (auto cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cpus;
}

std::vector<std::string> list_folder(const std::filesystem::path& path) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace furrow::worker::probe
