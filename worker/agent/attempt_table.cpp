#include "worker/agent/attempt_table.h"

#include <algorithm>

#include "common/base/check.h"

namespace furrow::worker {

Attempt* AttemptTable::find(const v1::Token& token) {
  return find(key_of(token));
}

Attempt* AttemptTable::find(const AttemptKey& key) {
  const auto found = attempts_.find(key);
  return found == attempts_.end() ? nullptr : &found->second;
}

Attempt& AttemptTable::add(const v1::Token& token, AttemptState state) {
  const auto [entry, is_new] = attempts_.try_emplace(key_of(token));
  FURROW_CHECK(is_new, "an attempt is added once");
  entry->second.token = token;
  entry->second.state = state;
  entry->second.arrival = arrivals_++;
  return entry->second;
}

std::uint32_t AttemptTable::held() const {
  return static_cast<std::uint32_t>(
      std::count_if(attempts_.begin(), attempts_.end(),
                    [](const auto& entry) { return entry.second.is_held(); }));
}

std::uint32_t AttemptTable::with_engine(EngineIndex engine) const {
  return static_cast<std::uint32_t>(
      std::count_if(attempts_.begin(), attempts_.end(),
                    [engine](const auto& entry) { return entry.second.engine == engine; }));
}

std::uint32_t AttemptTable::under_way(EngineIndex engine) const {
  return static_cast<std::uint32_t>(
      std::count_if(attempts_.begin(), attempts_.end(), [engine](const auto& entry) {
        return entry.second.engine == engine && entry.second.is_under_way();
      }));
}

bool AttemptTable::has_alone(EngineIndex engine) const {
  return std::any_of(attempts_.begin(), attempts_.end(), [engine](const auto& entry) {
    return entry.second.engine == engine && entry.second.alone;
  });
}

std::vector<Attempt*> AttemptTable::waiting() {
  std::vector<Attempt*> waiting;
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state == AttemptState::Waiting) waiting.push_back(&attempt);
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const Attempt* a, const Attempt* b) { return a->arrival < b->arrival; });
  return waiting;
}

bool AttemptTable::any_in(AttemptState state) const {
  return std::any_of(attempts_.begin(), attempts_.end(),
                     [state](const auto& entry) { return entry.second.state == state; });
}

std::vector<AttemptKey> AttemptTable::keys() const {
  std::vector<AttemptKey> keys;
  keys.reserve(attempts_.size());
  for (const auto& [key, attempt] : attempts_) keys.push_back(key);
  return keys;
}

}  // namespace furrow::worker
