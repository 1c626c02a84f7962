#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/result.h"
#include "common/wire/socket.h"

namespace furrow::worker {

/// Sends files to the coordinator's blob port, one after the other in chunks, without ever waiting.
/// What is lost when the connection breaks is asked for again by the session.
class BlobUploader {
 public:
  struct Answer {
    Digest digest;
    bool stored = false;
    std::string refusal;  ///< why not
  };

  explicit BlobUploader(zmq::context_t& context) : context_(context) {}

  /// Connects anew; what was queued is dropped. Errors: Invalid or Io, the endpoint is none.
  Result<void> connect(const std::string& endpoint);
  /// Puts a file behind those that wait.
  void upload(const Digest& digest, std::filesystem::path path);

  /// Sends as many chunks as the socket takes. Returns files that could not be read, as refused.
  std::vector<Answer> pump();
  /// What the coordinator answered.
  std::vector<Answer> receive();

  bool has_unsent() const { return socket_.has_value() && !waiting_.empty(); }

  /// Nothing before the first connect.
  std::optional<zmq::socket_ref> socket();

 private:
  struct File {
    Digest digest;
    std::filesystem::path path;
    std::optional<MappedFile> content;
    std::uint64_t sent = 0;
  };

  wire::Sent send_chunk(File& file);

  zmq::context_t& context_;
  std::optional<wire::Dealer> socket_;
  std::deque<File> waiting_;
};

}  // namespace furrow::worker
