#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "common/base/digest.h"
#include "common/base/result.h"

namespace furrow::cli {

struct FetchOptions {
  /// Chunks on their way at once: hides the round trips and bounds what lies in memory
  /// (1 MiB each).
  std::size_t window = 32;
  /// With nothing coming for this long, what is missing is asked for again…
  std::chrono::milliseconds patience{3000};
  /// …this often.
  int tries = 3;
  int interrupt_fd = -1;
  /// A larger blob is refused before it fills the memory.
  std::uint64_t max_blob_bytes = std::uint64_t{1} << 30;
};

/// Fetches blobs from the blob port, many at once, and hands them over in the order they were asked
/// for, each checked against its digest. One thread.
class BlobFetcher {
 public:
  /// What is done with a blob, or with why it could not be had (NotFound: the coordinator lacks it;
  /// Invalid: the bytes are not what their name says). An error returned here ends everything.
  using Then = std::function<Result<void>(Result<std::string> blob)>;

  /// Returns at once. Errors: Invalid, an address that is none.
  static Result<BlobFetcher> connect(const std::string& endpoint, const FetchOptions& options = {});
  BlobFetcher(BlobFetcher&&) noexcept;
  BlobFetcher& operator=(BlobFetcher&&) noexcept;
  ~BlobFetcher();

  /// Asks for a blob; waits while the window is full. Errors: `then`'s own; Unreachable; Cancelled.
  Result<void> fetch(const Digest& digest, Then then);
  /// Waits until every blob is handed over.
  Result<void> finish();

 private:
  struct State;
  explicit BlobFetcher(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace furrow::cli
