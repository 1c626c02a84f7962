#include "common/prompt/wildcards.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr std::string_view kMark = "__";
constexpr std::size_t kNamesShown = 8;

std::string normalized(std::string_view name) {
  std::string result = to_lower(trim(name));
  std::replace(result.begin(), result.end(), '\\', '/');
  return result;
}

bool ends_in(std::string_view path, std::string_view name) {
  return path == name || (path.size() > name.size() && path.ends_with(name) &&
                          path[path.size() - name.size() - 1] == '/');
}

bool has_part(std::string_view path, std::string_view name) {
  const std::string within = fmt::format("/{}/", path);
  return within.find(fmt::format("/{}/", name)) != std::string::npos;
}

bool is_of_name(char c) {
  constexpr std::string_view kOthers = " -./\\_";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80 || kOthers.find(c) != std::string_view::npos;
}

/// A wildcard's place in a text, with its marks.
struct Found {
  std::size_t at;
  std::string_view name;

  std::size_t end() const { return at + name.size() + 2 * kMark.size(); }
};

std::optional<Found> find_wildcard(std::string_view text, std::size_t from) {
  for (auto at = text.find(kMark, from); at != std::string_view::npos;
       at = text.find(kMark, at + 1)) {
    const std::size_t first = at + kMark.size();
    const auto last = text.find(kMark, first);
    if (last == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(first, last - first);
    const bool is_name = !trim(name).empty() && name.front() != '_' &&
                         std::all_of(name.begin(), name.end(), is_of_name);
    if (is_name) return Found{at, name};
  }
  return std::nullopt;
}

/// A line without the curly or square brackets around all of it.
std::string_view without_brackets(std::string_view line) {
  const char open = line.front();
  const char close = open == '{' ? '}' : ']';
  if ((open != '{' && open != '[') || line.back() != close) return line;
  int depth = 0;
  for (std::size_t at = 0; at + 1 < line.size(); ++at) {
    depth += (line[at] == open ? 1 : 0) - (line[at] == close ? 1 : 0);
    if (depth == 0) return line;  // the first bracket's partner is not the last
  }
  return line.substr(1, line.size() - 2);
}

/// One part of a line with bars; a line without them as it is.
std::string_view part_of(std::string_view line, ChoiceGenerator& generator) {
  const auto parts = split_at_bars(without_brackets(line));
  return parts.size() == 1 ? line : trim(parts[generator.pick(parts.size())]);
}

class WildcardTaker {
 public:
  WildcardTaker(const WildcardBook& book, ChoiceGenerator& generator, std::vector<Choice>& made)
      : book_(book), generator_(generator), made_(made) {}

  Result<std::string> take(std::string_view text, int depth) {
    std::string result;
    std::size_t done = 0;
    for (auto found = find_wildcard(text, 0); found; found = find_wildcard(text, done)) {
      const auto fault = [&](std::string_view why) {
        return fail(ErrorKind::Invalid, fmt::format("{}: {}.", place(text, found->at), why));
      };
      if (depth == kMaxWildcardDepth)
        return fault(fmt::format("wildcards name each other more than {} deep", kMaxWildcardDepth));
      if (++taken_ > kMaxWildcards)
        return fault(fmt::format("there are more than {} wildcards", kMaxWildcards));
      const auto lines = book_.lines_of(found->name);
      if (!lines) return fault(lines.error().message);
      const std::string_view line = part_of((*lines)[generator_.pick(lines->size())], generator_);
      const std::size_t place_of_choice = made_.size();
      made_.push_back({fmt::format("{0}{1}{0}", kMark, found->name), std::string(line)});
      FURROW_TRY(const std::string value, take(line, depth + 1));
      made_[place_of_choice].taken = value;
      result += text.substr(done, found->at - done);
      result += value;
      done = found->end();
      if (result.size() > kMaxPromptBytes)
        return fault(
            fmt::format("wildcards make the prompt longer than {} bytes", kMaxPromptBytes));
    }
    result += text.substr(done);
    return result;
  }

 private:
  const WildcardBook& book_;
  ChoiceGenerator& generator_;
  std::vector<Choice>& made_;
  std::size_t taken_ = 0;
};

}  // namespace

void WildcardBook::add(std::string_view name, std::string_view content) {
  std::vector<std::string>& lines = lists_[normalized(well_formed_utf8(name))];
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    const std::string_view text = trim(line.substr(0, line.find('#')));
    if (!text.empty()) lines.push_back(well_formed_utf8(text));
  }
}

std::vector<std::string> WildcardBook::names() const {
  std::vector<std::string> names;
  for (const auto& [name, lines] : lists_) names.push_back(name);
  return names;
}

Result<std::vector<std::string_view>> WildcardBook::lines_of(std::string_view name) const {
  const std::string wanted = normalized(name);
  std::vector<std::string_view> lines;
  bool is_known = false;
  for (const auto matches : {ends_in, has_part}) {
    for (const auto& [path, list] : lists_) {
      if (!matches(path, wanted)) continue;
      is_known = true;
      lines.insert(lines.end(), list.begin(), list.end());
    }
    if (is_known) break;
  }
  if (!lines.empty()) return lines;
  if (is_known)
    return fail(ErrorKind::Invalid,
                fmt::format("the wildcard list {} has no line", in_quotes(name)));
  if (is_empty())
    return fail(ErrorKind::NotFound,
                fmt::format("{} is a wildcard, and no lists of wildcards are at hand here",
                            in_quotes(name)));
  auto known = names();
  if (known.size() > kNamesShown) {
    known.resize(kNamesShown);
    known.emplace_back("…");
  }
  return fail(ErrorKind::NotFound, fmt::format("there is no wildcard list {}; there are {}",
                                               in_quotes(name), fmt::join(known, ", ")));
}

Result<std::string> take_wildcards(std::string_view text, const WildcardBook& book,
                                   ChoiceGenerator& generator, std::vector<Choice>& made) {
  return WildcardTaker(book, generator, made).take(text, 0);
}

}  // namespace furrow::prompt
