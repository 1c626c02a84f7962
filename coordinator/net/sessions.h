#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/ids.h"

namespace furrow::net {

/// Which peer of the worker port is which session of the core, and how well peers behave.
/// Routing ids are random for each connection, so a peer that comes back is a new one. Owned by the
/// control thread.
class Sessions {
 public:
  /// What a peer may send that makes no sense before it is cut off.
  static constexpr std::uint32_t kMaxFaults = 16;
  /// Peers whose faults are remembered.
  static constexpr std::size_t kMaxFaultyPeers = 4096;

  /// A new session for a peer that said Hello. One it had before is its own to close first.
  SessionId open(const std::string& peer);
  void close(SessionId session);

  std::optional<SessionId> of(const std::string& peer) const;
  /// Null: the session is over.
  const std::string* peer(SessionId session) const;

  /// Counts a message that made no sense. True: this one was the last that is put up with.
  bool add_fault(const std::string& peer);
  /// Nothing it says is listened to any more.
  bool is_cut_off(const std::string& peer) const;

  std::size_t size() const { return peers_.size(); }

  std::size_t faulty_peers() const { return faults_.size(); }

 private:
  std::unordered_map<std::string, SessionId> sessions_;
  std::unordered_map<SessionId, std::string> peers_;
  std::unordered_map<std::string, std::uint32_t> faults_;
  std::uint64_t next_ = 1;
};

}  // namespace furrow::net
