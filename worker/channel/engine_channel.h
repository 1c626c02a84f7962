#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/message_lite.h>

#include "common/base/files.h"
#include "common/base/result.h"
#include "furrow/v1/engine.pb.h"

namespace furrow::worker {

/// Largest message and largest attachment, in bytes. A peer that announces more is not one of ours.
inline constexpr std::uint32_t kMaxMessageBytes = 8 << 20;
inline constexpr std::uint64_t kMaxAttachmentBytes = 512ULL << 20;

/// What EngineHello names as its protocol.
inline constexpr std::uint32_t kEngineProtocol = 1;

template <typename Message>
struct Received {
  Message message;
  std::string attachment;  ///< as long as the message's attachment_bytes says; empty without one
};

enum class Arrived {
  Bytes,    ///< and there may be more
  Nothing,  ///< for now
  Closed,   ///< the peer closed the socket or has gone; nothing will come any more
};

/// One end of the stream socket between an agent and an engine, framed as engine.proto says: a
/// 4-byte little-endian length, that many bytes of message, and the message's attachment.
///
/// An engine waits: `receive` and `send`. An agent polls `fd()` and never waits: `read_available`,
/// then `take` until it has nothing; `queue`, then `write_available` as long as `has_unsent`.
/// One thread may receive while another sends; neither half may be shared. After an error the
/// channel is of no more use: where the next frame begins is not known.
class EngineChannel {
 public:
  /// @param socket a connected stream socket, blocking or not
  explicit EngineChannel(FileDescriptor socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }

  /// Waits for the next message; `Message` is v1::ToEngine on the engine's end, v1::FromEngine on
  /// the agent's. Nothing: the peer closed the socket after a whole message, or has gone.
  /// Errors: Invalid, the bytes are not of this protocol; Io, the socket fails or the stream stops
  /// within a message.
  template <typename Message>
  Result<std::optional<Received<Message>>> receive();

  /// Reads what has arrived, without waiting; some megabytes at most. Errors: Io.
  Result<Arrived> read_available();
  /// The next whole message that was read, or nothing. Errors: Invalid, as for `receive`.
  template <typename Message>
  Result<std::optional<Received<Message>>> take();

  /// Writes a message and waits until the socket has it all. Errors: Io; the peer has gone.
  Result<void> send(const v1::ToEngine& message);
  /// The same; `attachment_bytes` of the progress or rendered message is set to the attachment's
  /// size. Requires: no attachment with a message that has no such field.
  Result<void> send(v1::FromEngine message, std::string_view attachment = {});

  /// Puts a message behind what waits to be written; nothing is written yet.
  void queue(const v1::ToEngine& message);
  void queue(v1::FromEngine message, std::string_view attachment = {});
  /// Writes what is queued, waiting for room.
  Result<void> flush();
  /// Writes as much of what is queued as fits at once.
  Result<void> write_available();

  bool has_unsent() const { return unsent_from_ < unsent_.size(); }

 private:
  Result<Arrived> read_some(int flags);
  Result<void> write_some(int flags);
  void append(const google::protobuf::MessageLite& message, std::string_view attachment);

  FileDescriptor socket_;

  // Of the receiving thread: bytes from taken_ on are not yet taken; no whole message is there
  // before needed_ of them are.
  std::string arrived_;
  std::size_t taken_ = 0;
  std::size_t needed_ = sizeof(std::uint32_t);

  // Of the sending thread: bytes from unsent_from_ on are not yet written.
  std::string unsent_;
  std::size_t unsent_from_ = 0;
};

}  // namespace furrow::worker
