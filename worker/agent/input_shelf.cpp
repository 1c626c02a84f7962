#include "worker/agent/input_shelf.h"

#include <algorithm>
#include <utility>

namespace furrow::worker {

InputShelf::InputShelf(std::uint64_t limit_bytes, const std::vector<LeftInput>& left)
    : limit_bytes_(limit_bytes) {
  for (const LeftInput& input : left) {
    const Entry entry{Place::Left, {}, input.bytes, ++uses_};
    if (entries_.try_emplace(input.digest, entry).second) bytes_ += input.bytes;
  }
}

const std::string* InputShelf::use(const Digest& input) {
  const auto found = entries_.find(input);
  if (found == entries_.end() || found->second.place != Place::Here) return nullptr;
  found->second.used = ++uses_;
  return &found->second.path;
}

bool InputShelf::ask_for(const Digest& input) {
  const auto [entry, is_new] = entries_.try_emplace(input);
  if (!is_new && entry->second.place != Place::Left) return false;
  entry->second.place = Place::OnItsWay;
  return true;
}

void InputShelf::on_fetched(const Digest& input, std::string path, std::uint64_t bytes) {
  Entry& entry = entries_[input];
  bytes_ += bytes - entry.bytes;
  entry = {Place::Here, std::move(path), bytes, ++uses_};
}

void InputShelf::forget(const Digest& input) {
  const auto found = entries_.find(input);
  if (found == entries_.end()) return;
  if (found->second.bytes > 0) {
    found->second.place = Place::Left;
  } else {
    entries_.erase(found);
  }
}

std::vector<Digest> InputShelf::on_their_way() const {
  std::vector<Digest> inputs;
  for (const auto& [input, entry] : entries_) {
    if (entry.place == Place::OnItsWay) inputs.push_back(input);
  }
  return inputs;
}

std::vector<Digest> InputShelf::take_surplus(const std::set<Digest>& wanted) {
  std::vector<std::pair<std::uint64_t, Digest>> oldest_first;
  for (const auto& [input, entry] : entries_) {
    if (entry.place != Place::OnItsWay && !wanted.contains(input)) {
      oldest_first.emplace_back(entry.used, input);
    }
  }
  std::ranges::sort(oldest_first);
  std::vector<Digest> taken;
  for (const auto& [used, input] : oldest_first) {
    if (!has_surplus()) break;
    taken.push_back(input);
    bytes_ -= entries_.at(input).bytes;
    entries_.erase(input);
  }
  return taken;
}

}  // namespace furrow::worker
