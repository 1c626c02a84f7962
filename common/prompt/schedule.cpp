#include "common/prompt/schedule.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/prompt/schedule_groups.h"

namespace furrow::prompt {

namespace {

/// A prompt as a tree: plain text and the groups that change it.
struct Node;
using Sequence = std::vector<Node>;

struct Node {
  GroupKind kind = GroupKind::Emphasis;
  std::string_view text;                ///< of plain text (Emphasis)
  std::vector<Sequence> branches = {};  ///< of a Switch: from, to; of an Alternate: each in turn
  int until = 0;                        ///< of a Switch: the last step of `from`
};

/// A1111's rule for the number of a schedule, cut to the pass.
int last_step(const Group& group, const Pass& pass) {
  const double offset = pass.steps_before > 0 ? 1 : 0;
  const double step =
      group.is_fraction ? (group.when - offset) * pass.steps : group.when - pass.steps_before;
  return static_cast<int>(std::clamp<double>(step, 0, pass.steps));
}

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const std::vector<Group>& groups, const Pass& pass)
      : text_(text), groups_(groups), pass_(pass) {}

  Sequence build() { return sequence(0, text_.size()); }

 private:
  /// The text from `first` up to `last`. Groups are met in the order in which they open.
  Sequence sequence(std::size_t first, std::size_t last) {
    Sequence nodes;
    while (next_ < groups_.size() && groups_[next_].open < last) {
      const Group& group = groups_[next_++];
      if (group.kind == GroupKind::Emphasis) continue;
      add_text(first, group.open, nodes);
      nodes.push_back(node_of(group));
      first = group.close + 1;
    }
    add_text(first, last, nodes);
    return nodes;
  }

  Node node_of(const Group& group) {
    Node node{group.kind, {}, {}, 0};
    const bool is_switch = group.kind == GroupKind::Switch;
    if (is_switch) node.until = last_step(group, pass_);
    if (is_switch && group.separators.size() == 1) node.branches.emplace_back();  // [to:when]
    std::size_t first = group.open + 1;
    for (const std::size_t separator : group.separators) {
      node.branches.push_back(sequence(first, separator));
      first = separator + 1;
    }
    if (!is_switch) node.branches.push_back(sequence(first, group.close));
    return node;
  }

  void add_text(std::size_t first, std::size_t last, Sequence& nodes) const {
    if (first < last) nodes.push_back({GroupKind::Emphasis, text_.substr(first, last - first)});
  }

  const std::string_view text_;
  const std::vector<Group>& groups_;
  const Pass& pass_;
  std::size_t next_ = 0;
};

/// The last steps of all texts that some switch in the tree begins or ends.
void collect_steps(const Sequence& sequence, std::set<int>& steps) {
  for (const Node& node : sequence) {
    if (node.kind == GroupKind::Switch && node.until > 0) steps.insert(node.until);
    for (const Sequence& branch : node.branches) collect_steps(branch, steps);
  }
}

void append_at(int step, const Sequence& sequence, std::string& text) {
  for (const Node& node : sequence) {
    switch (node.kind) {
      case GroupKind::Emphasis:
        text += node.text;
        break;
      case GroupKind::Switch:
        append_at(step, node.branches[step <= node.until ? 0 : 1], text);
        break;
      case GroupKind::Alternate:
        append_at(step, node.branches[static_cast<std::size_t>(step - 1) % node.branches.size()],
                  text);
        break;
    }
  }
}

bool has_alternation(const std::vector<Group>& groups) {
  return std::any_of(groups.begin(), groups.end(),
                     [](const Group& group) { return group.kind == GroupKind::Alternate; });
}

/// Adds what the tree says at `step`, up to which nothing has changed since the last span.
Result<void> add_span(int step, const Sequence& tree,
                      std::unordered_map<std::string, std::size_t>& known, Schedule& schedule) {
  std::string text;
  append_at(step, tree, text);
  const auto [found, is_new] = known.emplace(std::move(text), schedule.texts.size());
  if (is_new) {
    if (schedule.texts.size() == kMaxScheduledTexts)
      return fail(ErrorKind::Invalid,
                  fmt::format("the schedules make more than {} different texts of it; fewer or "
                              "shorter alternations are needed.",
                              kMaxScheduledTexts));
    schedule.texts.push_back(found->first);
  }
  if (!schedule.spans.empty() && schedule.spans.back().text == found->second) {
    schedule.spans.back().until = step;
  } else {
    schedule.spans.push_back({step, found->second});
  }
  return {};
}

}  // namespace

Result<Schedule> parse_schedule(std::string_view text, const Pass& pass) {
  FURROW_CHECK(pass.steps >= 1 && pass.steps_before >= 0, "a schedule is about some steps");
  FURROW_TRY(const std::vector<Group> groups, find_groups(text));
  const Sequence tree = TreeBuilder(text, groups, pass).build();

  std::set<int> steps = {pass.steps};
  collect_steps(tree, steps);
  if (has_alternation(groups)) {
    if (pass.steps > kMaxAlternatingSteps)
      return fail(ErrorKind::Invalid,
                  fmt::format("alternation [a|b] goes up to {} steps, and these are {}.",
                              kMaxAlternatingSteps, pass.steps));
    for (int step = 1; step <= pass.steps; ++step) steps.insert(step);
  }
  Schedule schedule;
  std::unordered_map<std::string, std::size_t> known;
  for (const int step : steps) FURROW_TRY_VOID(add_span(step, tree, known, schedule));
  return schedule;
}

}  // namespace furrow::prompt
