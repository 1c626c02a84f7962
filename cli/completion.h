#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace furrow::cli {

/// What may stand where the cursor is.
struct Completion {
  std::vector<std::string> words;  ///< those that begin as the word under the cursor does
  bool files = false;              ///< names of files, too: the shell knows them
  bool folders = false;
};

/// @param typed   the words behind "furrow"; the last one is under the cursor and may be empty
/// @param jobs    asks for ids and names of jobs; called only where one is wanted
Completion complete(std::span<const Command> table, const std::vector<std::string>& typed,
                    const std::function<std::vector<std::string>()>& jobs);

/// The script that a shell sources; empty for a shell that is not known. It holds no list of its
/// own: it asks `furrow __complete`.
std::string completion_script(std::string_view shell);

}  // namespace furrow::cli
