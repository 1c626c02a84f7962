#pragma once

#include "cli/command.h"

/// Flags that more than one command takes, each written once.
namespace furrow::cli {

inline constexpr Flag kJsonFlag = {"json", "", "print JSON for scripts", ValueKind::None};
inline constexpr Flag kTimeoutFlag = {
    "timeout", "TIME",
    "give up waiting after this long, as in \"90s\" or \"1h 30m\" "
    "(exit code 6); the job goes on",
    ValueKind::Text};

inline constexpr Flag kModelFolderFlag = {
    "folder",          "DIR", "look here instead of in this machine's model folders",
    ValueKind::Folder, 0,     true};

inline constexpr Operand kNoOperand = {};
inline constexpr Operand kJobOperand = {"J", ValueKind::Job, 1, 1};

}  // namespace furrow::cli
