#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/digest.h"

namespace furrow::worker {

/// An input in the cache folder, left there by a former run.
struct LeftInput {
  Digest digest;
  std::uint64_t bytes = 0;
};

/// Inputs, the pictures that cells begin with, as the session sees them: which are here, which are
/// on their way, and which have to make room. The files themselves are InputCache's.
///
/// What a former run left is not used as it is: it is asked for like any other, and found on disk.
class InputShelf {
 public:
  /// @param limit_bytes  what all of them may take; more only while cells use more
  /// @param left         the least recently used first
  InputShelf(std::uint64_t limit_bytes, const std::vector<LeftInput>& left);

  /// Where its file is; null unless it is here. Counts as a use.
  const std::string* use(const Digest& input);

  /// It is wanted. True: it has to be fetched, and is on its way from now on.
  bool ask_for(const Digest& input);
  void on_fetched(const Digest& input, std::string path, std::uint64_t bytes);
  /// It does not come. What a former run left of it counts on, until it has to make room.
  void forget(const Digest& input);

  std::vector<Digest> on_their_way() const;

  bool has_surplus() const { return bytes_ > limit_bytes_; }

  /// Takes out the least recently used but those in `wanted`, until the rest fits, and says which.
  std::vector<Digest> take_surplus(const std::set<Digest>& wanted);

 private:
  enum class Place { Left, OnItsWay, Here };

  struct Entry {
    Place place = Place::OnItsWay;
    std::string path;
    std::uint64_t bytes = 0;  // on disk
    std::uint64_t used = 0;   // larger: later
  };

  const std::uint64_t limit_bytes_;
  std::map<Digest, Entry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace furrow::worker
