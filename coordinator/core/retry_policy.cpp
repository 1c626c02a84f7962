#include "coordinator/core/retry_policy.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace furrow::core {

namespace {

constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

struct Rule {
  std::uint32_t tries;
  bool elsewhere;
  bool backs_off;
};

Rule rule_of(v1::FailureClass failure_class) {
  switch (failure_class) {
    case v1::FAILURE_CLASS_LOST:
    case v1::FAILURE_CLASS_OOM:
    case v1::FAILURE_CLASS_GPU_FAULT:
    case v1::FAILURE_CLASS_REJECTED:
    case v1::FAILURE_CLASS_INTERNAL:
    case v1::FAILURE_CLASS_UNSPECIFIED:
      return {kMaxTries, true, false};
    case v1::FAILURE_CLASS_TIMEOUT:
    case v1::FAILURE_CLASS_NAN:
      return {2, true, false};
    case v1::FAILURE_CLASS_IO:
      return {6, false, true};
    case v1::FAILURE_CLASS_INPUT:
      return {1, false, false};
    case v1::FAILURE_CLASS_CANCELLED:
      return {kUnbounded, false, false};
    case v1::FailureClass_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::FailureClass_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return {kMaxTries, true, false};  // a class from a newer worker
}

Duration backoff(std::uint32_t failures_before, double jitter) {
  const double seconds = std::min(60.0, std::ldexp(1.0, static_cast<int>(failures_before)));
  const std::chrono::duration<double> spread(seconds * (0.5 + jitter));
  return std::chrono::duration_cast<Duration>(spread);
}

std::size_t slot(v1::FailureClass failure_class) {
  return v1::FailureClass_IsValid(failure_class) ? static_cast<std::size_t>(failure_class) : 0;
}

}  // namespace

void Failures::add(v1::FailureClass failure_class) {
  std::uint8_t& count = by_class_[slot(failure_class)];
  if (count < std::numeric_limits<std::uint8_t>::max()) ++count;
}

std::uint32_t Failures::of(v1::FailureClass failure_class) const {
  return by_class_[slot(failure_class)];
}

std::uint32_t Failures::total() const {
  std::uint32_t sum = 0;
  for (const std::uint8_t count : by_class_) sum += count;
  return sum;
}

Verdict judge(v1::FailureClass failure_class, bool shared, const Failures& before, double jitter) {
  const Rule rule = rule_of(failure_class);
  if (rule.tries == kUnbounded) return {.charged = false, .retry = true};
  if (shared) {
    return {.charged = false, .retry = before.shared() + 1 < kMaxVanished, .elsewhere = true};
  }

  const std::uint32_t of_class = before.of(failure_class);
  const std::uint32_t io = before.of(v1::FAILURE_CLASS_IO);
  const bool class_spent = of_class + 1 >= rule.tries;
  const std::uint32_t all = before.total() - io + before.shared();
  const bool total_spent = !rule.backs_off && all + 1 >= kMaxTries;
  Verdict verdict{.retry = !class_spent && !total_spent, .elsewhere = rule.elsewhere};
  if (rule.backs_off) verdict.wait = backoff(of_class, jitter);
  return verdict;
}

}  // namespace furrow::core
