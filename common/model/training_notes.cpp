#include "common/model/training_notes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/json.h"

namespace furrow::model {

namespace {

using Json = nlohmann::json;

constexpr std::array kLong = std::to_array<std::string_view>(
    {"ss_tag_frequency", "ss_datasets", "ss_dataset_dirs", "ss_reg_dataset_dirs", "ss_bucket_info",
     "modelspec.thumbnail"});
/// Any other longer value is a list of such a kind, too.
constexpr std::size_t kMostBytes = 2000;

}  // namespace

std::vector<TagCount> frequent_tags(const std::map<std::string, std::string>& metadata,
                                    std::size_t most) {
  const auto text = metadata.find("ss_tag_frequency");
  if (text == metadata.end()) return {};
  const Json folders = parse_json(text->second);
  if (!folders.is_object()) return {};
  std::map<std::string, std::uint64_t> counts;
  for (const auto& folder : folders) {
    if (!folder.is_object()) continue;
    for (const auto& [tag, count] : folder.items()) {
      if (count.is_number_unsigned()) counts[tag] += count.get<std::uint64_t>();
    }
  }
  std::vector<TagCount> tags;
  for (const auto& [tag, count] : counts) tags.push_back({tag, count});
  std::ranges::stable_sort(tags, std::ranges::greater{}, &TagCount::count);
  if (tags.size() > most) tags.resize(most);
  return tags;
}

std::map<std::string, std::string> shortened(const std::map<std::string, std::string>& metadata) {
  std::map<std::string, std::string> kept;
  for (const auto& [key, value] : metadata) {
    if (key == "format") continue;
    const bool is_long = std::ranges::find(kLong, key) != kLong.end() || value.size() > kMostBytes;
    kept[key] = is_long ? fmt::format("({} bytes)", value.size()) : value;
  }
  return kept;
}

}  // namespace furrow::model
