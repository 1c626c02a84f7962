#include "worker/render/progress_line.h"

#include <iostream>

#include <unistd.h>

namespace furrow::worker {

namespace {

constexpr std::uint32_t kBarWidth = 30;

}  // namespace

ProgressLine::ProgressLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const v1::EngineProgress& progress) {
  const auto words = phase_in_words(progress.phase(), progress.step(), progress.steps());
  if (!is_terminal_) {
    if (progress.phase() != last_phase_) std::cerr << words << std::endl;
    last_phase_ = progress.phase();
    return;
  }
  const auto filled = progress.steps() == 0 ? 0 : kBarWidth * progress.step() / progress.steps();
  const auto full = std::min(filled, kBarWidth);
  std::cerr << "\r[" << std::string(full, '#') << std::string(kBarWidth - full, ' ') << "] "
            << words << "\x1b[K" << std::flush;
  is_drawn_ = true;
}

void ProgressLine::end() {
  if (is_drawn_) std::cerr << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

std::string phase_in_words(v1::Phase phase, std::uint32_t step, std::uint32_t steps) {
  switch (phase) {
    case v1::PHASE_LOADING:
      return "loading the model";
    case v1::PHASE_ENCODING:
      return "encoding the prompt";
    case v1::PHASE_DENOISING:
      return "step " + std::to_string(step) + " of " + std::to_string(steps);
    case v1::PHASE_DECODING:
      return "decoding the picture";
    default:
      return "waiting";
  }
}

}  // namespace furrow::worker
