#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/process/child.h"
#include "cli/sheet/sheet_channel.h"
#include "common/base/result.h"
#include "furrow/v1/sheet.pb.h"

namespace furrow::cli {

/// A sheet in the making: furrow-sheet draws, this side hands it the cells in index order.
class SheetPainter {
 public:
  /// Errors: NotFound when furrow-sheet is not installed; Io.
  static Result<SheetPainter> start(const v1::SheetRequest& request);

  /// The next cell. Errors: what furrow-sheet objects to, the whole sheet being over then.
  Result<void> add_picture(std::string png);
  Result<void> add_placeholder(std::string_view text);
  /// Waits until the file is written. Errors: Io when cells of the plan were not added.
  Result<v1::SheetReply> finish();

 private:
  SheetPainter(Child child, SheetChannel channel)
      : child_(std::move(child)), channel_(std::move(channel)) {}

  Result<void> add(const v1::SheetCell& cell);

  Child child_;
  SheetChannel channel_;
};

}  // namespace furrow::cli
