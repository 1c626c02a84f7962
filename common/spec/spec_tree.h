#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::spec {

enum class SpecFormat { Yaml, Json };

struct SpecEntry;

/// What YAML and JSON documents have in common: texts, lists and maps, each with its line. Numbers
/// and truth values are texts as written.
struct SpecNode {
  enum class Kind { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  int line = 0;  ///< 1-based; 0: not known
  std::string scalar;
  std::vector<SpecNode> items;
  std::vector<SpecEntry> entries;  ///< of a map, in its order
};

struct SpecEntry {
  std::string key;
  int line = 0;
  SpecNode value;
};

/// The largest document that is read, in bytes and in nodes (YAML's aliases can stand for many).
inline constexpr std::size_t kMaxSpecBytes = 4 << 20;
inline constexpr std::size_t kMaxSpecNodes = 1'000'000;

/// Errors: Invalid with the line: not well-formed, too large.
Result<SpecNode> parse_spec_tree(std::string_view text, SpecFormat format);

}  // namespace furrow::spec
