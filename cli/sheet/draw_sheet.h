#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/client.h"
#include "cli/output/console.h"
#include "common/base/result.h"

namespace furrow::cli {

struct SheetWish {
  std::filesystem::path file;
  std::string title;              ///< empty: none
  std::uint32_t max_cell_px = 0;  ///< 0: the pictures' own size
};

/// What is wrong with a sheet's file name, before a long job is waited for. Errors: Invalid.
Result<void> check_sheet_file(const std::filesystem::path& file);

/// "first.png": what a job's sheet is called when nothing else is said.
std::filesystem::path default_sheet_file(const v1::JobView& job);

/// Fetches a job's pictures and writes its sheet; cells without one get a placeholder with their
/// state. Says on the talk side what is missing. Requires: `job` carries its plan.
/// Errors: Invalid (too large a grid), Unreachable, Io, Cancelled.
Result<void> draw_sheet(Client& client, const v1::JobView& job, const SheetWish& wish,
                        int interrupt_fd, Console& console);

}  // namespace furrow::cli
