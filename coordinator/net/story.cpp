#include "coordinator/net/story.h"

#include <algorithm>
#include <string>
#include <variant>

#include <spdlog/spdlog.h>

#include "furrow/v1/engine.pb.h"

namespace furrow::net {

namespace {

/// "job.finished" as people say it.
std::string words(std::string kind) {
  std::replace(kind.begin(), kind.end(), '.', ' ');
  return kind;
}

void tell_one(const core::RecordEvent& event) {
  std::string keys;
  if (event.job.value != 0) keys += " job=" + std::to_string(event.job.value);
  if (event.worker.value != 0) keys += " worker=" + std::to_string(event.worker.value);
  const char* between = event.text.empty() ? "" : ": ";
  spdlog::info("{}{}{}{}", words(event.kind), between, event.text, keys);
}

void tell_one(const core::RecordAttempt& attempt) {
  spdlog::warn("attempt failed: {} class={} job={} cell={} attempt={} worker={}", attempt.detail,
               v1::FailureClass_Name(attempt.failure_class), attempt.cell.job.value,
               attempt.cell.cell.value, attempt.attempt, attempt.worker.value);
}

void tell_one(const core::FailCell& failed) {
  spdlog::warn("cell failed: {} job={} cell={}", failed.error, failed.cell.job.value,
               failed.cell.cell.value);
}

void tell_one(const core::LeaseCells& leased) {
  spdlog::debug("cells leased: {} from cell {} on job={} worker={}", leased.cells.size(),
                leased.cells.empty() ? 0 : leased.cells.front().cell.value, leased.job.value,
                leased.worker.value);
}

void tell_one(const core::CompleteCell& done) {
  spdlog::debug("cell done job={} cell={} attempt={} worker={} ms={:.0f}", done.cell.job.value,
                done.cell.cell.value, done.attempt, done.worker.value, done.total_s * 1e3);
}

void tell_one(const core::SaveInput& input) {
  spdlog::info("picture kept for jobs digest={} bytes={}", input.input.hex(), input.bytes);
}

void tell_one(const core::DropInput& input) {
  spdlog::info("picture for jobs has gone digest={}", input.input.hex());
}

/// The rest is bookkeeping.
template <typename Op>
void tell_one(const Op&) {}

}  // namespace

void tell(const std::vector<core::StoreOp>& ops) {
  for (const auto& op : ops) std::visit([](const auto& one) { tell_one(one); }, op);
}

}  // namespace furrow::net
