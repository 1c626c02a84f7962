#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/choices.h"

namespace furrow::prompt {

/// Lists of texts by name, from a folder of text files. Reads nothing itself.
class WildcardBook {
 public:
  /// @param name     the file's path within the folder, without ".txt": "colors/warm"
  /// @param content  a text a line; what follows a # is a comment, empty lines do not count, and
  ///                 bytes that are no UTF-8 count as U+FFFD
  void add(std::string_view name, std::string_view content);

  bool is_empty() const { return lists_.empty(); }

  std::vector<std::string> names() const;

  /// The lines of every list of this name, its whole name or the last part of it; without such a
  /// list, of every one with a folder or an end of that name. Upper and lower case and the kind of
  /// slash do not count. (sdnext takes the first file that matches, in the order of the disk.)
  /// Errors: NotFound; Invalid when these lists have no line.
  Result<std::vector<std::string_view>> lines_of(std::string_view name) const;

 private:
  std::map<std::string, std::vector<std::string>> lists_;  // by name in lower case
};

/// How deep the lines of wildcards may name further ones (sdnext's bound), the most that are
/// replaced in one prompt, and the most bytes that it may become.
inline constexpr int kMaxWildcardDepth = 9;
inline constexpr std::size_t kMaxWildcards = 1000;

/// Puts a line of the list `name` in the place of each __name__, from left to right, then of those
/// in the line, and adds what was taken to `made`. Of a line with bars one part is taken. A name is
/// of letters, digits and " -./\" and single "_"; other underscores are text.
///
/// Errors: Invalid, with the place, for a name that the book does not have (sdnext leaves it), and
/// for more than the bounds above.
Result<std::string> take_wildcards(std::string_view text, const WildcardBook& book,
                                   ChoiceGenerator& generator, std::vector<Choice>& made);

}  // namespace furrow::prompt
