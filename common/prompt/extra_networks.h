#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// A tag like <lora:name:0.8:te=0.5>: something to load beside the model.
struct NetworkTag {
  std::string kind;                          ///< "lora", "lyco", "hypernet", …
  std::vector<std::string> arguments;        ///< those without a name; the first is the network's
  std::map<std::string, std::string> named;  ///< "te" → "0.5"
  std::string written;                       ///< the whole tag

  bool operator==(const NetworkTag&) const = default;
};

struct Untagged {
  std::string text;
  std::vector<NetworkTag> networks;  ///< in their order
};

/// Takes the tags out of a prompt: `<`, a word, `:`, arguments separated by `:`, `>`. Nothing is
/// put in their place. Any other `<` is text.
///
/// Errors: Invalid, with the place, for a tag of a known kind that is never closed (A1111 and
/// sdnext: text), and for a name that is given twice in one tag.
Result<Untagged> remove_networks(std::string_view text);

}  // namespace furrow::prompt
