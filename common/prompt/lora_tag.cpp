#include "common/prompt/lora_tag.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

/// Strengths by position, then the rank.
constexpr std::size_t kTextEncoder = 1;
constexpr std::size_t kUnet = 2;
constexpr std::size_t kRank = 3;

constexpr int kMostRank = 1 << 16;
constexpr std::array<std::string_view, 7> kNames = {"te",  "unet", "in",    "mid",
                                                    "out", "dyn",  "module"};

class LoraReader {
 public:
  explicit LoraReader(const NetworkTag& tag) : tag_(tag) {}

  Result<LoraTag> read() && {
    take_parts();
    FURROW_TRY_VOID(check_names());
    lora_.name = arguments_.empty() ? "" : arguments_.front();
    if (lora_.name.empty()) return fault("it names no file, as <lora:name> does");
    if (arguments_.size() > kRank + 1) return fault("it has more than a name and three numbers");

    FURROW_TRY(lora_.text_encoder, strength("te", kTextEncoder, {{{1, 0}}}));
    FURROW_TRY(const StepStrength unet, strength("unet", kUnet, lora_.text_encoder));
    FURROW_TRY(lora_.in, strength("in", 0, unet));
    FURROW_TRY(lora_.mid, strength("mid", 0, unet));
    FURROW_TRY(lora_.out, strength("out", 0, unet));
    FURROW_TRY(lora_.rank, rank());
    return std::move(lora_);
  }

 private:
  Unexpected fault(std::string_view why) const {
    return fail(ErrorKind::Invalid, fmt::format("{}: {}.", in_quotes(tag_.written), why));
  }

  /// "high" and "low" may stand anywhere behind the name.
  void take_parts() {
    for (std::size_t i = 0; i < tag_.arguments.size(); ++i) {
      const std::string word = to_lower(tag_.arguments[i]);
      if (i > 0 && (word == "high" || word == "low")) {
        lora_.modules.emplace_back(word == "high" ? "transformer" : "transformer_2");
      } else {
        arguments_.push_back(tag_.arguments[i]);
      }
    }
    const auto module = tag_.named.find("module");
    if (module != tag_.named.end()) lora_.modules.push_back(to_lower(module->second));
  }

  Result<void> check_names() const {
    for (const auto& [name, value] : tag_.named)
      if (std::find(kNames.begin(), kNames.end(), name) == kNames.end())
        return fault(fmt::format("{} is not known here; the names are {}", in_quotes(name),
                                 fmt::join(kNames, ", ")));
    return {};
  }

  /// What is written under this name or, when there is no such name, at this position (0: none).
  const std::string* find(const char* name, std::size_t position) const {
    const auto named = tag_.named.find(name);
    if (named != tag_.named.end()) return &named->second;
    return position > 0 && position < arguments_.size() ? &arguments_[position] : nullptr;
  }

  Result<StepStrength> strength(const char* name, std::size_t position,
                                const StepStrength& otherwise) const {
    const std::string* written = find(name, position);
    if (written == nullptr) return otherwise;
    StepStrength strength;
    std::string_view rest = *written;
    while (true) {
      const std::size_t end = std::min(rest.find_first_of(",;"), rest.size());
      FURROW_TRY(const StepStrength::Point point, point_of(rest.substr(0, end)));
      strength.points.push_back(point);
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
    std::stable_sort(strength.points.begin(), strength.points.end(),
                     [](const auto& a, const auto& b) { return a.position < b.position; });
    return strength;
  }

  Result<StepStrength::Point> point_of(std::string_view written) const {
    const std::size_t at = written.find_first_of("@~");
    const bool has_position = at != std::string_view::npos;
    const auto strength = parse_number(trim(written.substr(0, at)));
    const auto position =
        has_position ? parse_number(trim(written.substr(at + 1))) : std::optional(1.0);
    if (!strength || !position)
      return fault(
          fmt::format("{} is not a strength, as in 0.8, nor one of several over the "
                      "steps, as in 0@0,1@0.5",
                      in_quotes(trim(written))));
    return StepStrength::Point{*strength, *position};
  }

  Result<std::optional<int>> rank() const {
    const std::string* written = find("dyn", kRank);
    if (written == nullptr) return std::optional<int>();
    const auto number = parse_number(*written);
    if (!number || *number < 1 || *number > kMostRank || *number != std::floor(*number))
      return fault(fmt::format("{} is not a rank, a whole number from 1", in_quotes(*written)));
    return std::optional(static_cast<int>(*number));
  }

  const NetworkTag& tag_;
  std::vector<std::string> arguments_;  // those of the tag but "high" and "low"
  LoraTag lora_;
};

}  // namespace

double StepStrength::at(int step, int steps) const {
  if (points.size() == 1) return points.front().strength;
  constexpr int kStepsBehindTheEnd = 2;
  const bool are_fractions = points.back().position <= 1;
  const double position =
      are_fractions ? step / std::max(1.0, static_cast<double>(steps - kStepsBehindTheEnd)) : step;
  const auto next = std::find_if(points.begin(), points.end(),
                                 [&](const Point& point) { return point.position > position; });
  if (next == points.begin()) return points.front().strength;
  if (next == points.end()) return points.back().strength;
  const Point& before = *(next - 1);
  const double share = (position - before.position) / (next->position - before.position);
  return before.strength + share * (next->strength - before.strength);
}

bool is_lora(const NetworkTag& tag) {
  const std::string kind = to_lower(tag.kind);
  return kind == "lora" || kind == "lyco";
}

Result<LoraTag> read_lora(const NetworkTag& tag) {
  return LoraReader(tag).read();
}

}  // namespace furrow::prompt
