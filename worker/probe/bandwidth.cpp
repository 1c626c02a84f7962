#include "worker/probe/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "common/base/clock.h"

namespace furrow::worker::probe {

namespace {

/// Of one side of the copies, all threads together: far beyond the caches of small machines, and
/// the passes of a large one's cores miss in each core's own.
constexpr std::size_t kBytes = 256 << 20;
constexpr std::size_t kMarginTimes = 4;
constexpr Duration kBudget = std::chrono::milliseconds(200);
constexpr int kMostPasses = 64;

}  // namespace

std::optional<double> measure_copy_bandwidth(int threads, std::uint64_t available_bytes) {
  if (threads < 1 || available_bytes < kMarginTimes * kBytes) return std::nullopt;
  const std::size_t share = kBytes / static_cast<std::size_t>(threads);
  const auto clock = [] { return std::chrono::steady_clock::now(); };
  Instant started{};
  Instant pass_started{};
  double best = 0;
  std::atomic<bool> over = false;
  int passes = 0;
  // Runs on one thread while all the others wait: the end of one pass and the begin of the next.
  const auto end_pass = [&]() noexcept {
    const auto now = clock();
    // The first pass brings the pages in and the second is the first that copies.
    if (passes == 0) started = now;
    if (passes > 0) {
      best = std::max(best, 2.0 * kBytes / std::max(to_seconds(now - pass_started), 1e-9));
    }
    over = (passes > 0 && now - started >= kBudget) || passes == kMostPasses;
    ++passes;
    pass_started = clock();
  };
  std::barrier together(threads, end_pass);
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        std::vector<char> from(share, 1);
        std::vector<char> to(share, 2);
        together.arrive_and_wait();
        while (!over) {
          std::memcpy(to.data(), from.data(), share);
          std::swap(from, to);
          together.arrive_and_wait();
        }
      });
    }
  }
  return best;
}

}  // namespace furrow::worker::probe
