#include "cli/blob_fetcher.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <zmq.hpp>

#include "common/base/clock.h"
#include "common/wire/socket.h"
#include "furrow/v1/blob.pb.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

/// A blob on its way. Its chunks are asked for one after the other; many blobs travel at once.
struct Download {
  Digest digest;
  BlobFetcher::Then then;
  std::string bytes;
  bool asked = false;  ///< the chunk at bytes.size() is on its way
  bool over = false;
  std::optional<Error> error;
};

Error not_there(const Digest& digest, const std::string& reason) {
  return {ErrorKind::NotFound, fmt::format("The coordinator does not give picture {}: {}",
                                           digest.hex().substr(0, 12), reason)};
}

Error damaged(const Digest& digest) {
  return {ErrorKind::Invalid,
          fmt::format("Picture {} arrived damaged: its bytes are not what its name says.",
                      digest.hex().substr(0, 12))};
}

}  // namespace

struct BlobFetcher::State {
  explicit State(const FetchOptions& with) : options(with) {}

  /// Asks for what is not on its way yet, within the window.
  void ask_for_more();
  /// Waits for something to come and takes all of it.
  Result<void> receive();
  void take(const v1::BlobReply& reply, std::string_view attached);
  void take_chunk(Download& download, const v1::BlobChunk& chunk, std::string_view attached);
  /// Hands over what is finished at the front of the queue.
  Result<void> hand_over();
  Download* waiting_for(std::string_view raw_digest, std::optional<std::uint64_t> offset);
  void ask_again();

  FetchOptions options;
  std::string endpoint;
  zmq::context_t context{1};
  std::optional<wire::Dealer> dealer;
  std::deque<Download> downloads;
  std::size_t on_the_way = 0;
  int silent_rounds = 0;
};

BlobFetcher::BlobFetcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

BlobFetcher::BlobFetcher(BlobFetcher&&) noexcept = default;
BlobFetcher& BlobFetcher::operator=(BlobFetcher&&) noexcept = default;
BlobFetcher::~BlobFetcher() = default;

Result<BlobFetcher> BlobFetcher::connect(const std::string& endpoint, const FetchOptions& options) {
  auto state = std::make_unique<State>(options);
  state->endpoint = endpoint;
  auto dealer =
      wire::Dealer::connect(state->context, endpoint, {.max_message_bytes = wire::kMaxBlobBytes});
  if (!dealer) return dealer.unexpected();
  state->dealer = *std::move(dealer);
  state->dealer->socket().set(zmq::sockopt::linger, 0);
  return BlobFetcher(std::move(state));
}

Result<void> BlobFetcher::fetch(const Digest& digest, Then then) {
  State& state = *state_;
  state.downloads.push_back({digest, std::move(then), {}, false, false, {}});
  state.ask_for_more();
  while (state.downloads.size() >= state.options.window) {
    FURROW_TRY_VOID(state.receive());
    FURROW_TRY_VOID(state.hand_over());
    state.ask_for_more();
  }
  return {};
}

Result<void> BlobFetcher::finish() {
  State& state = *state_;
  while (!state.downloads.empty()) {
    state.ask_for_more();
    FURROW_TRY_VOID(state.receive());
    FURROW_TRY_VOID(state.hand_over());
  }
  return {};
}

void BlobFetcher::State::ask_for_more() {
  for (Download& download : downloads) {
    if (on_the_way >= options.window) return;
    if (download.asked || download.over) continue;
    v1::BlobRequest request;
    request.set_version(wire::kProtocol);
    request.mutable_get()->set_digest(download.digest.raw());
    request.mutable_get()->set_offset(download.bytes.size());
    if (dealer->send(request) != wire::Sent::Queued) return;
    download.asked = true;
    ++on_the_way;
  }
}

Result<void> BlobFetcher::State::receive() {
  const auto unasked = [](const Download& download) { return !download.asked && !download.over; };
  const bool wants_to_send =
      on_the_way < options.window && std::any_of(downloads.begin(), downloads.end(), unasked);
  const auto events = static_cast<short>(wants_to_send ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
  std::vector<zmq::pollitem_t> items = {{dealer->socket().handle(), 0, events, 0}};
  if (options.interrupt_fd >= 0) items.push_back({nullptr, options.interrupt_fd, ZMQ_POLLIN, 0});
  int ready = 0;
  try {
    ready = zmq::poll(items, options.patience);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
    return {};
  }
  if (items.size() == 2 && (items[1].revents & ZMQ_POLLIN) != 0) {
    return fail(ErrorKind::Cancelled, "Interrupted.");
  }
  if (ready == 0) {
    if (++silent_rounds >= options.tries) {
      return fail(ErrorKind::Unreachable,
                  fmt::format("Pictures do not come from {}. Does a firewall close the blob port? "
                              "See: furrow doctor",
                              endpoint));
    }
    ask_again();
    return {};
  }
  while (const auto incoming = dealer->receive()) {
    silent_rounds = 0;
    v1::BlobReply reply;
    if (incoming->parse_into(reply)) take(reply, incoming->attached());
  }
  return {};
}

void BlobFetcher::State::ask_again() {
  for (Download& download : downloads) download.asked = false;
  on_the_way = 0;
  ask_for_more();
}

Download* BlobFetcher::State::waiting_for(std::string_view raw_digest,
                                          std::optional<std::uint64_t> offset) {
  const auto digest = Digest::from_raw(raw_digest);
  const auto found =
      std::find_if(downloads.begin(), downloads.end(), [&](const Download& download) {
        return download.asked && !download.over && digest && download.digest == *digest &&
               (!offset || *offset == download.bytes.size());
      });
  return found == downloads.end() ? nullptr : &*found;
}

void BlobFetcher::State::take(const v1::BlobReply& reply, std::string_view attached) {
  if (reply.has_chunk()) {
    const v1::BlobChunk& chunk = reply.chunk();
    if (Download* download = waiting_for(chunk.digest(), chunk.offset())) {
      take_chunk(*download, chunk, attached);
    }
  } else if (reply.has_refused()) {
    if (Download* download = waiting_for(reply.refused().digest(), std::nullopt)) {
      download->asked = false;
      --on_the_way;
      download->over = true;
      download->error = not_there(download->digest, reply.refused().reason());
    }
  }
}

void BlobFetcher::State::take_chunk(Download& download, const v1::BlobChunk& chunk,
                                    std::string_view attached) {
  download.asked = false;
  --on_the_way;
  const std::uint64_t have = download.bytes.size() + attached.size();
  const bool makes_no_progress = attached.empty() && have < chunk.size();
  if (chunk.size() > options.max_blob_bytes || have > chunk.size() || makes_no_progress) {
    download.over = true;
    download.error = damaged(download.digest);
    return;
  }
  download.bytes.append(attached);
  if (have < chunk.size()) return;
  download.over = true;
  if (sha256(download.bytes) != download.digest) download.error = damaged(download.digest);
}

Result<void> BlobFetcher::State::hand_over() {
  while (!downloads.empty() && downloads.front().over) {
    Download download = std::move(downloads.front());
    downloads.pop_front();
    Result<std::string> blob = download.error ? Result<std::string>(Unexpected(*download.error))
                                              : Result<std::string>(std::move(download.bytes));
    FURROW_TRY_VOID(download.then(std::move(blob)));
  }
  return {};
}

}  // namespace furrow::cli
