#include "cli/sheet/draw_sheet.h"

#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/blob_fetcher.h"
#include "cli/file_names.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/session.h"
#include "cli/sheet/sheet_painter.h"

namespace furrow::cli {

namespace {

/// Hands the cells to the painter in index order. Placeholders wait until the pictures before them
/// are there.
class SheetFeed {
 public:
  SheetFeed(SheetPainter& painter, BlobFetcher& fetcher) : painter_(painter), fetcher_(fetcher) {}

  Result<void> add(const v1::CellView& cell) {
    const auto digest = Digest::from_raw(cell.artifact());
    if (!digest) {
      ++missing_;
      gap_.emplace_back(cell_state_name(cell.state()));
      return {};
    }
    return fetcher_.fetch(*digest, [this, gap = std::exchange(gap_, {})](Result<std::string> blob) {
      return place(gap, std::move(blob));
    });
  }

  Result<void> finish() {
    FURROW_TRY_VOID(fetcher_.finish());
    return place_gap(gap_);
  }

  std::uint64_t missing() const { return missing_; }

 private:
  Result<void> place_gap(const std::vector<std::string>& gap) {
    for (const std::string& placeholder : gap) {
      FURROW_TRY_VOID(painter_.add_placeholder(placeholder));
    }
    return {};
  }

  Result<void> place(const std::vector<std::string>& gap, Result<std::string> blob) {
    FURROW_TRY_VOID(place_gap(gap));
    if (blob) return painter_.add_picture(*std::move(blob));
    ++missing_;
    return painter_.add_placeholder("lost");
  }

  SheetPainter& painter_;
  BlobFetcher& fetcher_;
  std::vector<std::string> gap_;
  std::uint64_t missing_ = 0;
};

}  // namespace

Result<void> check_sheet_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (file.empty() || file.filename().empty() || std::filesystem::is_directory(file, ignored)) {
    return fail(ErrorKind::Invalid,
                fmt::format("\"{}\" is no name for a sheet's file. Write one, like grid.png.",
                            file.string()));
  }
  const std::string extension = file.extension().string();
  if (extension != ".png" && extension != ".PNG") {
    return fail(ErrorKind::Invalid, fmt::format("A sheet is a PNG; call \"{}\" {}.png.",
                                                file.string(), file.stem().string()));
  }
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (std::filesystem::exists(folder, ignored) && !std::filesystem::is_directory(folder, ignored)) {
    return fail(ErrorKind::Invalid, fmt::format("{} is not a folder.", folder.string()));
  }
  return {};
}

std::filesystem::path default_sheet_file(const v1::JobView& job) {
  const std::string name =
      job.name().empty() ? fmt::format("job-{}", job.id()) : file_name_part(job.name(), 80);
  return name + ".png";
}

Result<void> draw_sheet(Client& client, const v1::JobView& job, const SheetWish& wish,
                        int interrupt_fd, Console& console) {
  v1::SheetRequest request;
  *request.mutable_plan() = job.plan();
  request.set_title(wish.title);
  request.set_max_cell_px(wish.max_cell_px);
  request.set_output(std::filesystem::absolute(wish.file).string());
  FURROW_TRY(SheetPainter painter, SheetPainter::start(request));
  FURROW_TRY(const std::string blobs, blob_endpoint_of(client));
  FURROW_TRY(BlobFetcher fetcher, BlobFetcher::connect(blobs, {.interrupt_fd = interrupt_fd}));

  SheetFeed feed(painter, fetcher);
  FURROW_TRY_VOID(
      visit_cells(client, job.id(), {}, [&](const v1::CellView& cell) { return feed.add(cell); }));
  FURROW_TRY_VOID(feed.finish());
  FURROW_TRY_VOID(painter.finish());
  if (feed.missing() > 0) {
    console.err << fmt::format("{} of {} have no picture yet and show their state.\n",
                               grouped(feed.missing()), counted(job.cells().total(), "cell"));
  }
  return {};
}

}  // namespace furrow::cli
