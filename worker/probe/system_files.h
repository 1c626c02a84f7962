#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The small text files of /proc and /sys.
namespace furrow::worker::probe {

/// The whole text without white space at its ends; empty when it cannot be read.
std::string read_text(const std::filesystem::path& path);
/// The number a file holds, decimal or 0x…; nothing when there is none.
std::optional<std::uint64_t> read_number(const std::filesystem::path& path);
std::optional<std::uint64_t> parse_number(std::string_view text);

std::vector<std::string> split_lines(std::string_view text);
std::string_view trim(std::string_view text);
/// The value of the first line "key<separator>value"; empty when there is none.
std::string field(std::string_view text, std::string_view key, char separator = ':');

/// "0-2,5" as 0 1 2 5, the kernel's way to list CPUs. What is no list gives nothing.
std::vector<int> parse_cpu_list(std::string_view text);

/// The names in a folder, sorted; none when there is no such folder.
std::vector<std::string> list_folder(const std::filesystem::path& path);

}  // namespace furrow::worker::probe
