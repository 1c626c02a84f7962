#include "cli/doctor/tcp_probe.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/base/files.h"

namespace furrow::cli {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> resolve(const std::string& endpoint) {
  constexpr std::string_view kScheme = "tcp://";
  const auto colon = endpoint.rfind(':');
  if (!endpoint.starts_with(kScheme) || colon < kScheme.size()) {
    return fail(ErrorKind::Invalid, fmt::format("\"{}\" is not tcp://host:port.", endpoint));
  }
  const std::string host = endpoint.substr(kScheme.size(), colon - kScheme.size());
  const std::string port = endpoint.substr(colon + 1);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
  if (failure != 0) {
    return fail(ErrorKind::Unreachable, fmt::format("{}: {}", host, gai_strerror(failure)));
  }
  return Addresses(found, freeaddrinfo);
}

}  // namespace

Result<void> probe_tcp(const std::string& endpoint, std::chrono::milliseconds patience) {
  FURROW_TRY(const Addresses addresses, resolve(endpoint));
  const FileDescriptor socket(
      ::socket(addresses->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Unexpected(errno_error("cannot make a socket"));
  const auto unreachable = [&](int error) {
    return fail(ErrorKind::Unreachable, fmt::format("{}: {}", endpoint, strerror(error)));
  };
  if (::connect(socket.get(), addresses->ai_addr, addresses->ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return unreachable(errno);
  pollfd item{socket.get(), POLLOUT, 0};
  if (::poll(&item, 1, static_cast<int>(patience.count())) == 0) return unreachable(ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return unreachable(error);
  return {};
}

}  // namespace furrow::cli
