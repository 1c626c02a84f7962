#include "coordinator/core/core.h"

#include <utility>

#include "coordinator/core/core_impl.h"
#include "coordinator/core/restore.h"

namespace furrow::core {

Core::Core(Settings settings, Restored restored, Now now)
    : impl_(std::make_unique<Impl>(Impl{restore(std::move(settings), std::move(restored), now)})) {}

Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;
Core::~Core() = default;

}  // namespace furrow::core
