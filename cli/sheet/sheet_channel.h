#pragma once

#include <cstdint>

#include <google/protobuf/message_lite.h>

#include "common/base/files.h"
#include "common/base/result.h"

namespace furrow::cli {

/// One end of the socket between furrow and furrow-sheet: whole messages of sheet.proto, blocking.
class SheetChannel {
 public:
  explicit SheetChannel(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// Errors: Io when the other side is gone.
  Result<void> send(const google::protobuf::MessageLite& message);
  /// Errors: Io when the other side is gone or what it says is no such message.
  Result<void> receive_into(google::protobuf::MessageLite& message);
  /// The other side sees the end of what comes; its answer can still be received.
  void end_sending();

 private:
  FileDescriptor socket_;
};

}  // namespace furrow::cli
