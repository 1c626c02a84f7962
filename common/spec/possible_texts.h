#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::spec {

/// What may stand in a prompt when the next S/R axis comes to it. Bounded: of a large sweep the
/// first texts are followed, so that only what is certain is told.
class PossibleTexts {
 public:
  explicit PossibleTexts(const std::vector<std::string>& texts);

  const std::vector<std::string>& all() const { return texts_; }

  /// Whether these are all texts there can be.
  bool is_complete() const { return complete_; }

  std::size_t count_with(std::string_view search) const;

  /// Goes on with what an S/R axis of these values makes of the texts. Errors: Invalid, naming the
  /// value that makes a text longer than kMaxText (plan.h). Nothing is then replaced.
  Result<void> replace(const std::vector<std::string>& values);

 private:
  Result<void> check_lengths(const std::vector<std::string>& values) const;
  void add(std::string text);

  std::vector<std::string> texts_;
  std::size_t bytes_ = 0;
  bool complete_ = true;
};

}  // namespace furrow::spec
