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

namespace furrow::wire {

/// What a blob is to the coordinator.
enum class BlobKind {
  Artifact,  ///< rendered by a cell
  Input,     ///< a picture for jobs to come
};

/// Sends files to the coordinator's blob port, one after the other in chunks, without ever waiting.
/// What is lost when the connection breaks is for its owner to ask for again.
class BlobUploader {
 public:
  struct Answer {
    Digest digest;
    bool stored = false;
    std::string refusal;  ///< why not
  };

  BlobUploader(zmq::context_t& context, BlobKind kind) : context_(context), kind_(kind) {}

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

  Sent send_chunk(File& file);

  zmq::context_t& context_;
  const BlobKind kind_;
  std::optional<Dealer> socket_;
  std::deque<File> waiting_;
};

}  // namespace furrow::wire
