#include "common/prompt/schedule_groups.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

/// The most texts before the number of a switch: from and to.
constexpr std::size_t kMostSwitched = 2;

/// A bracket that stands open, with what was met at its level.
struct Open {
  std::size_t at;
  bool is_square;
  std::vector<std::size_t> separators;
  /// A round bracket in it that has no partner.
  std::optional<std::size_t> stray;
};

class GroupFinder {
 public:
  explicit GroupFinder(std::string_view text) : text_(text) {}

  Result<std::vector<Group>> find() && {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '\\') {
        ++at;
      } else if (c == '[' || c == '(') {
        if (open_.size() == kMaxNesting)
          return fault(
              at, fmt::format("{} brackets stand open here, more than can be meant", kMaxNesting));
        open_.push_back({at, c == '[', {}, {}});
      } else if (c == ']') {
        FURROW_TRY_VOID(close_square(at));
      } else if (c == ')') {
        close_round(at);
      } else if ((c == ':' || c == '|') && !open_.empty()) {
        open_.back().separators.push_back(at);
      }
    }
    for (const Open& bracket : open_)
      if (bracket.is_square) FURROW_TRY_VOID(check_unclosed(bracket));
    std::sort(groups_.begin(), groups_.end(),
              [](const Group& a, const Group& b) { return a.open < b.open; });
    return std::move(groups_);
  }

 private:
  Unexpected fault(std::size_t at, std::string_view why) const {
    return fail(ErrorKind::Invalid, fmt::format("{}: {}.", place(text_, at), why));
  }

  void close_round(std::size_t at) {
    if (open_.empty()) return;
    if (open_.back().is_square) {
      open_.back().stray = open_.back().stray.value_or(at);
    } else {
      open_.pop_back();
    }
  }

  /// Closes the innermost square bracket. Round ones that were opened in it and not closed have no
  /// partner: what they hold belongs to the square one.
  Result<void> close_square(std::size_t close) {
    const auto square = std::find_if(open_.rbegin(), open_.rend(),
                                     [](const Open& bracket) { return bracket.is_square; });
    if (square == open_.rend()) return {};
    const auto first = square.base() - 1;
    for (auto round = first + 1; round != open_.end(); ++round) {
      first->separators.insert(first->separators.end(), round->separators.begin(),
                               round->separators.end());
      first->stray = std::min(first->stray.value_or(round->at), round->at);
    }
    std::sort(first->separators.begin(), first->separators.end());
    const Open bracket = std::move(*first);
    open_.erase(first, open_.end());
    FURROW_TRY(Group group, group_of(bracket, close));
    groups_.push_back(std::move(group));
    return {};
  }

  Result<Group> group_of(const Open& bracket, std::size_t close) const {
    Group group{GroupKind::Emphasis, bracket.at, close, bracket.separators};
    const std::size_t bars = count(bracket, '|');
    const std::size_t colons = bracket.separators.size() - bars;
    if (bars > 0 && colons > 0)
      return fault(bracket.at,
                   "these brackets have both | and :, which cannot be told apart; put the inner "
                   "part in brackets of its own, or write \\: or \\| for the character");
    if (bars > 0) {
      group.kind = GroupKind::Alternate;
    } else if (colons > 0) {
      FURROW_TRY_VOID(read_when(bracket, group));
    }
    if (group.kind != GroupKind::Emphasis && bracket.stray)
      return fault(*bracket.stray,
                   "this bracket has no partner within the schedule around it; write \\( or \\) "
                   "for the character");
    return group;
  }

  /// Finds out whether brackets with colons are a switch.
  Result<void> read_when(const Open& bracket, Group& group) const {
    const std::size_t colons = bracket.separators.size();
    const std::string_view last = last_part(bracket, group.close);
    const auto number = parse_number(last);
    if (!number && colons < kMostSwitched && !looks_like_number(last)) return {};
    if (!number)
      return fault(bracket.at,
                   fmt::format("a schedule ends in a step or a fraction of the steps, as in "
                               "[from:to:10] or [from:to:0.5], and {} is neither; write \\: for a "
                               "colon that is text",
                               in_quotes(last)));
    if (colons > kMostSwitched)
      return fault(bracket.at, fmt::format("a schedule has two texts before its number, as in "
                                           "[from:to:10]; this one has {}",
                                           colons));
    group.kind = GroupKind::Switch;
    group.when = *number;
    group.is_fraction = last.find('.') != std::string_view::npos;
    return {};
  }

  /// An opening bracket without a partner is text, unless it was to be a schedule.
  Result<void> check_unclosed(const Open& bracket) const {
    const bool is_switch =
        !bracket.separators.empty() && parse_number(last_part(bracket, text_.size())).has_value();
    if (!is_switch && count(bracket, '|') == 0) return {};
    return fault(bracket.at,
                 "this bracket begins a schedule and is never closed; add the ], or write \\[ for "
                 "the character");
  }

  std::size_t count(const Open& bracket, char separator) const {
    return static_cast<std::size_t>(
        std::count_if(bracket.separators.begin(), bracket.separators.end(),
                      [&](std::size_t at) { return text_[at] == separator; }));
  }

  std::string_view last_part(const Open& bracket, std::size_t close) const {
    const std::size_t first = bracket.separators.back() + 1;
    return trim(text_.substr(first, close - first));
  }

  const std::string_view text_;
  std::vector<Open> open_;
  std::vector<Group> groups_;
};

}  // namespace

Result<std::vector<Group>> find_groups(std::string_view text) {
  return GroupFinder(text).find();
}

}  // namespace furrow::prompt
