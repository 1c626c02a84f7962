#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace furrow::engine {

/// Results of a stage, by a key of all that went into them; the least recently used ones go when
/// there are more than `most_bytes`. Owned by one thread.
template <typename Value>
class StageCache {
 public:
  explicit StageCache(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The result, which becomes the most recently used; null when it is not here. Valid until the
  /// next put.
  const Value* find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().value;
  }

  /// What alone is larger than all may be is not kept. Requires: the key is not here.
  void put(std::string key, Value value, std::uint64_t bytes) {
    if (bytes > most_bytes_) return;
    entries_.push_front({std::move(key), std::move(value), bytes});
    by_key_[entries_.front().key] = entries_.begin();
    bytes_ += bytes;
    while (bytes_ > most_bytes_) drop_oldest();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    Value value;
    std::uint64_t bytes;
  };

  void drop_oldest() {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }

  const std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, typename std::list<Entry>::iterator> by_key_;
};

}  // namespace furrow::engine
