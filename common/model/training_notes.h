#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace furrow::model {

/// A caption's tag and how often training saw it.
struct TagCount {
  std::string tag;
  std::uint64_t count = 0;

  bool operator==(const TagCount&) const = default;
};

/// The `most` most frequent tags of kohya's "ss_tag_frequency", over all its folders of pictures:
/// what a LoRA answers to. Damaged text has none.
std::vector<TagCount> frequent_tags(const std::map<std::string, std::string>& metadata,
                                    std::size_t most);

/// A header's metadata without what only fills a screen: of lists of training pictures, buckets,
/// tags and thumbnails only their size is kept, "(12345 bytes)", and "format" is dropped.
std::map<std::string, std::string> shortened(const std::map<std::string, std::string>& metadata);

}  // namespace furrow::model
