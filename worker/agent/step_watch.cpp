#include "worker/agent/step_watch.h"

#include <algorithm>

namespace furrow::worker {

namespace {

constexpr double kWeightOfNewest = 0.3;
constexpr double kUsualSteps = 8;
/// Paces remembered; a sweep over sizes has tens of them.
constexpr std::size_t kMaxPaces = 1024;

}  // namespace

void StepWatch::on_step(const Pace& pace, Duration took) {
  if (usual_seconds_.size() >= kMaxPaces) usual_seconds_.clear();
  const double seconds = to_seconds(took);
  const auto [entry, is_first] = usual_seconds_.try_emplace(pace, seconds);
  if (!is_first) entry->second += kWeightOfNewest * (seconds - entry->second);
}

Duration StepWatch::allowance(const Pace& pace, v1::Phase phase) const {
  const auto usual = usual_seconds_.find(pace);
  const bool is_exempt = phase == v1::PHASE_LOADING || phase == v1::PHASE_UNSPECIFIED;
  if (is_exempt || usual == usual_seconds_.end()) return kLongest;
  const std::chrono::duration<double> seconds(kUsualSteps * usual->second);
  return std::clamp(std::chrono::duration_cast<Duration>(seconds), kShortest, kLongest);
}

}  // namespace furrow::worker
