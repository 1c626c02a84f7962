#include "common/prompt/comments.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr std::string_view kOpen = "/*";
constexpr std::string_view kClose = "*/";

}  // namespace

Result<Uncommented> remove_comments(std::string_view text) {
  Uncommented result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.front() == '\\') {
      result.text += rest.substr(0, 2);
      at += 2;
    } else if (rest.front() == '#') {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      result.comments.emplace_back(trim(rest.substr(1, end - 1)));
      const bool is_whole_line = result.text.empty() || result.text.back() == '\n';
      at += end + (is_whole_line ? 1 : 0);
    } else if (rest.starts_with(kOpen)) {
      const std::size_t end = rest.find(kClose, kOpen.size());
      if (end == std::string_view::npos)
        return fail(ErrorKind::Invalid,
                    fmt::format("{}: this comment is never closed; add */ where it ends.",
                                place(text, at)));
      result.comments.emplace_back(trim(rest.substr(kOpen.size(), end - kOpen.size())));
      at += end + kClose.size();
    } else {
      result.text += rest.front();
      ++at;
    }
  }
  return result;
}

}  // namespace furrow::prompt
