#include "cli/sheet/sheet_channel.h"

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace furrow::cli {

namespace {

/// Holds the largest picture that is taken, and a guard against a length that is garbage.
constexpr std::uint32_t kMaxFrameBytes = std::uint32_t{1} << 30;

Result<void> send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Unexpected(errno_error("cannot hand the sheet over"));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> receive_all(int fd, char* into, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = ::recv(fd, into, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unexpected(errno_error("cannot read of the sheet"));
    if (got == 0) return fail(ErrorKind::Io, "The other side ended before the sheet was done.");
    into += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Result<void> SheetChannel::send(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  if (bytes.size() > kMaxFrameBytes) {
    return fail(ErrorKind::Invalid, "A picture is too large for a sheet.");
  }
  const auto length = static_cast<std::uint32_t>(bytes.size());
  const std::array<char, 4> prefix = {static_cast<char>(length), static_cast<char>(length >> 8),
                                      static_cast<char>(length >> 16),
                                      static_cast<char>(length >> 24)};
  FURROW_TRY_VOID(send_all(socket_.get(), {prefix.data(), prefix.size()}));
  return send_all(socket_.get(), bytes);
}

Result<void> SheetChannel::receive_into(google::protobuf::MessageLite& message) {
  std::array<unsigned char, 4> prefix{};
  FURROW_TRY_VOID(receive_all(socket_.get(), reinterpret_cast<char*>(prefix.data()), 4));
  const std::uint32_t length =
      static_cast<std::uint32_t>(prefix[0]) | static_cast<std::uint32_t>(prefix[1]) << 8 |
      static_cast<std::uint32_t>(prefix[2]) << 16 | static_cast<std::uint32_t>(prefix[3]) << 24;
  if (length > kMaxFrameBytes) return fail(ErrorKind::Io, "What came is no message of a sheet.");
  std::string bytes(length, '\0');
  FURROW_TRY_VOID(receive_all(socket_.get(), bytes.data(), bytes.size()));
  if (!message.ParseFromString(bytes)) {
    return fail(ErrorKind::Io, "What came is no message of a sheet.");
  }
  return {};
}

void SheetChannel::end_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace furrow::cli
