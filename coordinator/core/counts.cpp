#include "coordinator/core/counts.h"

namespace furrow::core {

v1::JobState job_state(const Counts& counts) {
  if (counts.live() > 0) {
    const bool untouched = counts.running == 0 && counts.terminal() == 0;
    return untouched ? v1::JOB_STATE_PENDING : v1::JOB_STATE_RUNNING;
  }
  if (counts.cancelled > 0) return v1::JOB_STATE_CANCELLED;
  if (counts.failed > 0) return v1::JOB_STATE_FAILED;
  return v1::JOB_STATE_DONE;
}

bool is_terminal(v1::JobState state) {
  return state == v1::JOB_STATE_DONE || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

}  // namespace furrow::core
