#include "worker/channel/engine_channel.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace furrow::worker {

namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kReadBytes = 64 << 10;
/// Read without waiting before the caller has its turn again.
constexpr int kReadsAtOnce = 64;

std::uint32_t read_length(const char* bytes) {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes, kLengthBytes);
  if constexpr (std::endian::native == std::endian::big) length = __builtin_bswap32(length);
  return length;
}

void append_length(std::string& out, std::uint32_t length) {
  if constexpr (std::endian::native == std::endian::big) length = __builtin_bswap32(length);
  char bytes[kLengthBytes];
  std::memcpy(bytes, &length, kLengthBytes);
  out.append(bytes, kLengthBytes);
}

std::uint64_t attachment_bytes(const v1::ToEngine&) {
  return 0;
}

std::uint64_t attachment_bytes(const v1::FromEngine& message) {
  if (message.has_progress()) return message.progress().attachment_bytes();
  if (message.has_rendered()) return message.rendered().attachment_bytes();
  return 0;
}

void set_attachment_bytes(v1::FromEngine& message, std::size_t bytes) {
  if (message.has_progress()) {
    message.mutable_progress()->set_attachment_bytes(static_cast<std::uint32_t>(bytes));
  } else if (message.has_rendered()) {
    message.mutable_rendered()->set_attachment_bytes(bytes);
  } else {
    FURROW_CHECK(bytes == 0, "only progress and pictures carry an attachment");
  }
}

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK;
}

bool is_gone(int code) {
  return code == ECONNRESET || code == EPIPE;
}

void wait_for(int fd, short events) {
  pollfd item{fd, events, 0};
  ::poll(&item, 1, -1);
}

}  // namespace

template <typename Message>
Result<std::optional<Received<Message>>> EngineChannel::take() {
  using Taken = std::optional<Received<Message>>;
  for (;;) {
    const std::string_view bytes = std::string_view(arrived_).substr(taken_);
    if (bytes.size() < needed_) return Taken();
    const std::uint32_t length = read_length(bytes.data());
    if (length > kMaxMessageBytes) {
      return fail(ErrorKind::Invalid, "the peer announced a message of " + std::to_string(length) +
                                          " bytes; the largest is " +
                                          std::to_string(kMaxMessageBytes));
    }
    needed_ = kLengthBytes + length;
    if (bytes.size() < needed_) continue;
    Received<Message> received;
    if (!received.message.ParseFromArray(bytes.data() + kLengthBytes, static_cast<int>(length))) {
      return fail(ErrorKind::Invalid, "the peer sent bytes that are no message of this protocol");
    }
    const std::uint64_t attached = attachment_bytes(received.message);
    if (attached > kMaxAttachmentBytes) {
      return fail(ErrorKind::Invalid, "the peer announced an attachment of " +
                                          std::to_string(attached) + " bytes; the largest is " +
                                          std::to_string(kMaxAttachmentBytes));
    }
    needed_ += attached;
    if (bytes.size() < needed_) continue;
    received.attachment = bytes.substr(kLengthBytes + length, attached);
    taken_ += needed_;
    needed_ = kLengthBytes;
    return Taken(std::move(received));
  }
}

template <typename Message>
Result<std::optional<Received<Message>>> EngineChannel::receive() {
  for (;;) {
    FURROW_TRY(auto received, take<Message>());
    if (received) return std::optional<Received<Message>>(std::move(received));
    FURROW_TRY(const Arrived arrived, read_some(0));
    if (arrived != Arrived::Closed) continue;
    if (arrived_.size() > taken_) {
      return fail(ErrorKind::Io, "the peer closed the socket within a message");
    }
    return std::optional<Received<Message>>();
  }
}

template Result<std::optional<Received<v1::ToEngine>>> EngineChannel::take();
template Result<std::optional<Received<v1::FromEngine>>> EngineChannel::take();
template Result<std::optional<Received<v1::ToEngine>>> EngineChannel::receive();
template Result<std::optional<Received<v1::FromEngine>>> EngineChannel::receive();

Result<Arrived> EngineChannel::read_available() {
  for (int reads = 0;; ++reads) {
    FURROW_TRY(const Arrived arrived, read_some(MSG_DONTWAIT));
    if (arrived == Arrived::Bytes && reads < kReadsAtOnce) continue;
    return reads > 0 && arrived == Arrived::Nothing ? Arrived::Bytes : arrived;
  }
}

Result<Arrived> EngineChannel::read_some(int flags) {
  arrived_.erase(0, taken_);
  taken_ = 0;
  for (;;) {
    const std::size_t before = arrived_.size();
    arrived_.resize(before + kReadBytes);
    const ssize_t got = ::recv(fd(), arrived_.data() + before, kReadBytes, flags);
    const int code = errno;
    arrived_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got > 0) return Arrived::Bytes;
    if (got == 0 || is_gone(code)) return Arrived::Closed;
    if (would_block(code)) {
      if ((flags & MSG_DONTWAIT) != 0) return Arrived::Nothing;
      wait_for(fd(), POLLIN);
    } else if (code != EINTR) {
      errno = code;
      return Unexpected(errno_error("cannot read from the engine socket"));
    }
  }
}

Result<void> EngineChannel::send(const v1::ToEngine& message) {
  queue(message);
  return flush();
}

Result<void> EngineChannel::send(v1::FromEngine message, std::string_view attachment) {
  queue(std::move(message), attachment);
  return flush();
}

void EngineChannel::queue(const v1::ToEngine& message) {
  append(message, {});
}

void EngineChannel::queue(v1::FromEngine message, std::string_view attachment) {
  set_attachment_bytes(message, attachment.size());
  append(message, attachment);
}

void EngineChannel::append(const google::protobuf::MessageLite& message,
                           std::string_view attachment) {
  const std::size_t length = message.ByteSizeLong();
  FURROW_CHECK(length <= kMaxMessageBytes, "a message larger than its receiver takes");
  FURROW_CHECK(attachment.size() <= kMaxAttachmentBytes, "an attachment larger than allowed");
  append_length(unsent_, static_cast<std::uint32_t>(length));
  message.AppendToString(&unsent_);
  unsent_.append(attachment);
}

Result<void> EngineChannel::flush() {
  while (has_unsent()) FURROW_TRY_VOID(write_some(0));
  return {};
}

Result<void> EngineChannel::write_available() {
  return has_unsent() ? write_some(MSG_DONTWAIT) : Result<void>();
}

Result<void> EngineChannel::write_some(int flags) {
  const ssize_t written = ::send(fd(), unsent_.data() + unsent_from_, unsent_.size() - unsent_from_,
                                 flags | MSG_NOSIGNAL);
  if (written >= 0) {
    unsent_from_ += static_cast<std::size_t>(written);
    if (!has_unsent()) {
      unsent_.clear();
      unsent_from_ = 0;
    }
  } else if (would_block(errno)) {
    if ((flags & MSG_DONTWAIT) == 0) wait_for(fd(), POLLOUT);
  } else if (is_gone(errno)) {
    return fail(ErrorKind::Io, "the peer closed the engine socket");
  } else if (errno != EINTR) {
    return Unexpected(errno_error("cannot write to the engine socket"));
  }
  return {};
}

}  // namespace furrow::worker
