#include "coordinator/net/sessions.h"

namespace furrow::net {

SessionId Sessions::open(const std::string& peer) {
  const SessionId session(next_++);
  sessions_[peer] = session;
  peers_[session] = peer;
  return session;
}

void Sessions::close(SessionId session) {
  const auto found = peers_.find(session);
  if (found == peers_.end()) return;
  const auto current = sessions_.find(found->second);
  if (current != sessions_.end() && current->second == session) sessions_.erase(current);
  peers_.erase(found);
}

std::optional<SessionId> Sessions::of(const std::string& peer) const {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return std::nullopt;
  return found->second;
}

const std::string* Sessions::peer(SessionId session) const {
  const auto found = peers_.find(session);
  return found == peers_.end() ? nullptr : &found->second;
}

bool Sessions::add_fault(const std::string& peer) {
  // Whoever makes up new routing ids to be forgotten only clears the slate of others like him.
  if (faults_.size() >= kMaxFaultyPeers && !faults_.contains(peer)) faults_.clear();
  return ++faults_[peer] == kMaxFaults;
}

bool Sessions::is_cut_off(const std::string& peer) const {
  const auto found = faults_.find(peer);
  return found != faults_.end() && found->second >= kMaxFaults;
}

}  // namespace furrow::net
