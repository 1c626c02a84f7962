#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/choices.h"

namespace furrow::prompt {

/// A named piece of prompt, as A1111 and sdnext keep them.
struct Style {
  /// Words that stand for a key in the prompt.
  struct Words {
    std::string key;  ///< "{hair}", as it is written
    std::vector<std::string> words;

    bool operator==(const Words&) const = default;
  };

  std::string name;
  std::string description;
  std::string prompt;  ///< without comments, as is the next
  std::string negative_prompt;
  std::vector<std::pair<std::string, std::string>> settings;  ///< "Steps" → "20", as written
  std::vector<Words> words;

  bool operator==(const Style&) const = default;
};

/// Reads a style file of sdnext: an object, or a list of objects, of name (demanded), description,
/// prompt, negative, extra ("Steps: 20, Sampler: Euler a") and wildcards ("{x}=a,b; {y}=c,d");
/// other keys say nothing about pictures.
///
/// @param folder  of the file within the folder of styles; the names begin with it: "folder/name"
/// Errors: Invalid, naming the style and what of it cannot be read.
Result<std::vector<Style>> styles_from_json(std::string_view json, std::string_view folder = "");

/// Reads A1111's styles.csv: columns name, prompt (or, in old files, text), negative_prompt (or
/// negative) under their titles, in any order, others passed over. Rows without a name or with one
/// that begins with # divide the list. Bytes that are no UTF-8 count as U+FFFD. Errors: Invalid,
/// with the line.
Result<std::vector<Style>> styles_from_csv(std::string_view csv);

/// The style of this name. Errors: NotFound (A1111 and sdnext: no style).
Result<const Style*> find_style(std::span<const Style> styles, std::string_view name);

/// The prompt with a style's text: in the place of every {prompt} in it or, without one, behind the
/// prompt with ", " between (" " when the prompt ends in a comma). An empty style changes nothing
/// but the blanks around the prompt. Errors: Invalid, when more than kMaxPromptBytes come out.
Result<std::string> merge_style(std::string_view style, std::string_view prompt);

/// Puts one of its words in the place of each key of a style, the same wherever it stands, and adds
/// it to `made`. Errors: Invalid, when more than kMaxPromptBytes come out.
Result<std::string> take_words(std::string_view text, std::span<const Style::Words> words,
                               ChoiceGenerator& generator, std::vector<Choice>& made);

}  // namespace furrow::prompt
