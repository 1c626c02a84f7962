#pragma once

#include <string>

#include "furrow/v1/engine.pb.h"

namespace furrow::worker {

/// The progress of one cell on stderr: a bar that is redrawn on a terminal, a line a stage
/// otherwise.
class ProgressLine {
 public:
  ProgressLine();

  void show(const v1::EngineProgress& progress);
  /// Ends the bar, if one is drawn, so that other lines can follow.
  void end();

 private:
  const bool is_terminal_;
  bool is_drawn_ = false;
  v1::Phase last_phase_ = v1::PHASE_UNSPECIFIED;
};

/// "loading the model", "step 8 of 20".
std::string phase_in_words(v1::Phase phase, std::uint32_t step, std::uint32_t steps);

}  // namespace furrow::worker
