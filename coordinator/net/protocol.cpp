#include "coordinator/net/protocol.h"

#include "common/base/version.h"
#include "common/wire/socket.h"

namespace furrow::net {

namespace {

std::string we_speak() {
  return "this coordinator (furrow " + std::string(kVersion) + ") speaks protocol " +
         std::to_string(wire::kProtocol);
}

std::string upgrade(bool we_are_older, const std::string& them) {
  return we_are_older ? ". Upgrade the coordinator" : ". Upgrade the " + them;
}

}  // namespace

std::optional<std::string> why_not_speak(const v1::Hello& hello) {
  const bool we_are_older = hello.protocol_min() > wire::kProtocol;
  const bool we_are_newer = hello.protocol_max() < wire::kProtocol;
  if (!we_are_older && !we_are_newer) return std::nullopt;
  return we_speak() + ", worker " + hello.name() + " (furrow " + hello.version() + ") speaks " +
         std::to_string(hello.protocol_min()) + " to " + std::to_string(hello.protocol_max()) +
         upgrade(we_are_older, "worker");
}

std::optional<std::string> why_not_speak(const v1::ClientRequest& request) {
  if (request.version() == wire::kProtocol) return std::nullopt;
  return we_speak() + ", your client speaks " + std::to_string(request.version()) +
         upgrade(request.version() > wire::kProtocol, "client");
}

}  // namespace furrow::net
