#include "cli/process/restart_policy.h"

#include <algorithm>
#include <cstddef>

namespace furrow::cli {

namespace {

using std::chrono::milliseconds, std::chrono::minutes, std::chrono::seconds;

constexpr std::size_t kCrashesEndured = 5;
constexpr milliseconds kFirstDelay{500};
constexpr milliseconds kLongestDelay{8000};

/// The exit codes of design §8 with which a program says that it cannot run as it is started, and
/// what a shell's exec gives when there is no such program.
bool is_refusal(const Ending& ending) {
  if (ending.signal != 0) return false;
  return ending.code == 2 || ending.code == 3 || ending.code == 4 || ending.code == 7 ||
         ending.code == 127;
}

}  // namespace

std::optional<Duration> RestartPolicy::after(const Ending& ending, Instant now) {
  if (is_refusal(ending)) return std::nullopt;
  while (!crashes_.empty() && now - crashes_.front() > minutes(1)) crashes_.pop_front();
  crashes_.push_back(now);
  if (crashes_.size() >= kCrashesEndured) return std::nullopt;
  const auto doubled = kFirstDelay * (1 << (crashes_.size() - 1));
  return std::min<Duration>(doubled, kLongestDelay);
}

}  // namespace furrow::cli
