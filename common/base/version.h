#pragma once

namespace furrow {

/// As in "furrow 0.1.0"; set by the build.
inline constexpr const char* kVersion = FURROW_VERSION;

}  // namespace furrow
