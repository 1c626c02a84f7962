#pragma once

#include <filesystem>
#include <new>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "common/base/result.h"

namespace furrow::engine::weights {

/// What `read` returns; what libtorch throws meanwhile becomes an error that names the file:
/// OutOfMemory, or Invalid, since sizes that it cannot hold come out of the file.
template <typename Read>
auto without_exceptions(const std::filesystem::path& file, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory,
                fmt::format("There is not enough memory to load {}.", file.string()));
  } catch (const c10::OutOfMemoryError&) {
    return fail(ErrorKind::OutOfMemory,
                fmt::format("The device has not enough memory to load {}.", file.string()));
  } catch (const c10::Error& e) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} cannot be used: {}", file.string(), e.what_without_backtrace()));
  }
}

}  // namespace furrow::engine::weights
