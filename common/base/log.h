#pragma once

#include <string_view>

#include <spdlog/spdlog.h>

namespace furrow {

/// Sends this process' log to stderr, one line a fact: `time level room sentence key=value…`.
/// `room` names the program. The level comes from FURROW_LOG (debug, info, warn, error; default
/// info). Call once, first thing in main. Pure rooms do not log; everything else calls spdlog::info
/// and its kin.
void start_log(std::string_view room);

}  // namespace furrow
