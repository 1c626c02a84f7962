#pragma once

#include <string>
#include <vector>

namespace furrow::spec {

/// The texts of a sweep, as its axes will set, reorder and replace them.
struct SweptPrompts {
  std::vector<std::string> prompts;           ///< every prompt of the sweep
  std::vector<std::string> negative_prompts;  ///< every negative prompt
  std::vector<std::vector<std::string>>
      replacements;                  ///< of each S/R axis, as applied; first: searched
  std::vector<std::string> phrases;  ///< of the prompt order axis; empty: there is none
};

struct PromptFindings {
  std::vector<std::string> faults;
  std::vector<std::string> warnings;
};

/// Whether what axes search for is there: a searched text in some prompt or negative prompt, as
/// written or as earlier S/R axes leave it, and each phrase in every prompt.
PromptFindings check_swept_prompts(const SweptPrompts& swept);

}  // namespace furrow::spec
