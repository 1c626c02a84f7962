#pragma once

#include <string>

namespace furrow::worker {

/// How an engine ended, in words for people: "was killed by signal 9 (Killed)".
struct EngineExit {
  std::string words;
  bool out_of_memory = false;  ///< the kernel says that it killed for want of memory
};

}  // namespace furrow::worker
