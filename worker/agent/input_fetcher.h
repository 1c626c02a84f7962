#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/wire/socket.h"
#include "furrow/v1/blob.pb.h"
#include "worker/agent/input_cache.h"

namespace furrow::worker {

/// Fetches inputs from the coordinator's blob port into the cache folder, a few at once, each chunk
/// by chunk, without ever waiting. Over a new connection it goes on where it was.
///
/// Its connection is its own: what is fetched does not queue up behind pictures that are sent.
class InputFetcher {
 public:
  /// Fetched at once; the others wait their turn.
  static constexpr std::size_t kAtOnce = 4;
  /// A chunk that does not come for so long is asked for again…
  static constexpr Duration kPatience = std::chrono::seconds(10);
  /// …this often, before its input is given up.
  static constexpr int kTries = 3;

  enum class Outcome { Fetched, Missing, Failed };

  struct Answer {
    Digest input;
    Outcome outcome = Outcome::Failed;
    std::filesystem::path path{};  ///< when fetched
    std::uint64_t bytes = 0;       ///< when fetched
    std::string reason{};          ///< when failed
  };

  InputFetcher(zmq::context_t& context, InputCache cache)
      : context_(context), cache_(std::move(cache)) {}

  /// From now on asks there. The connection is made when there is something to ask for.
  void connect(const std::string& endpoint);

  /// Puts an input behind those that wait. Requires: it is not among them.
  void fetch(const Digest& input) { waiting_.push_back(input); }

  void stop(const Digest& input);

  void remove(const Digest& input) const { cache_.remove(input); }

  /// Begins what may begin, asks for chunks, and gives up on what does not come.
  std::vector<Answer> pump(Instant now);
  /// Takes what the coordinator sent.
  std::vector<Answer> receive(Instant now);

  /// Some chunk waits to be asked for.
  bool has_unsent() const;
  /// Nothing while nothing was ever fetched.
  std::optional<zmq::socket_ref> socket();

 private:
  struct Download {
    IncomingInput file;
    bool is_asked = false;  // for the chunk at file.bytes()
    Instant asked{};
    int tries = 0;  // of this chunk
  };

  void dial_if_needed();
  std::optional<Answer> begin(const Digest& input, Instant now);
  void ask(const Digest& input, Download& download, Instant now);
  std::optional<Answer> take(const v1::BlobReply& reply, std::string_view attached, Instant now);
  std::optional<Answer> take_chunk(const Digest& input, const v1::BlobChunk& chunk,
                                   std::string_view attached, Instant now);
  Answer give_up(const Digest& input, std::string reason);

  zmq::context_t& context_;
  InputCache cache_;
  std::string endpoint_;
  std::optional<wire::Dealer> socket_;
  std::deque<Digest> waiting_;
  std::map<Digest, Download> downloads_;
};

}  // namespace furrow::worker
