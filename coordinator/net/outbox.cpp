#include "coordinator/net/outbox.h"

#include <algorithm>
#include <iterator>

namespace furrow::net {

void Outbox::add(core::ToSession message, store::Sequence after) {
  const auto turn = behind_earlier(message.session, after);
  waiting_[turn].emplace_back(std::move(message));
}

void Outbox::add(CloseSession close, store::Sequence after) {
  waiting_[behind_earlier(close.session, after)].emplace_back(close);
}

void Outbox::add(Announcement announcement, store::Sequence after) {
  waiting_[after].emplace_back(std::move(announcement));
}

store::Sequence Outbox::behind_earlier(SessionId session, store::Sequence after) {
  auto& latest = latest_[session];
  latest = std::max(latest, after);
  return latest;
}

std::vector<Delivery> Outbox::release(store::Sequence committed) {
  std::vector<Delivery> released;
  const auto end = waiting_.upper_bound(committed);
  for (auto turn = waiting_.begin(); turn != end; ++turn) {
    std::move(turn->second.begin(), turn->second.end(), std::back_inserter(released));
  }
  waiting_.erase(waiting_.begin(), end);
  if (waiting_.empty()) {
    latest_.clear();
  } else if (!released.empty()) {
    std::erase_if(latest_, [&](const auto& entry) { return entry.second <= committed; });
  }
  return released;
}

}  // namespace furrow::net
