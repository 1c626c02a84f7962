#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace furrow::engine {

/// Results of a stage, by a key of all that went into them; the least recently used one goes when
/// there are more than `capacity`. Owned by one thread.
template <typename Value>
class StageCache {
 public:
  explicit StageCache(std::size_t capacity) : capacity_(capacity) {}

  /// The result, which becomes the most recently used; null when it is not here. Valid until the
  /// next put.
  const Value* find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().second;
  }

  /// Requires: the key is not here.
  void put(std::string key, Value value) {
    entries_.emplace_front(std::move(key), std::move(value));
    by_key_[entries_.front().first] = entries_.begin();
    if (entries_.size() <= capacity_) return;
    by_key_.erase(entries_.back().first);
    entries_.pop_back();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;  // most recently used first

  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<std::string, typename Entries::iterator> by_key_;
};

}  // namespace furrow::engine
