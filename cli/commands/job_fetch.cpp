#include <csignal>
#include <system_error>

#include <fmt/format.h>

#include "cli/blob_fetcher.h"
#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/file_names.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/process/signals.h"
#include "cli/session.h"
#include "common/base/files.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

struct FetchCounts {
  std::uint64_t fetched = 0;
  std::uint64_t there_already = 0;
  std::uint64_t unreadable = 0;
};

/// The file holds exactly this picture.
bool is_there(const std::filesystem::path& file, const Digest& digest, std::uint64_t bytes) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || (bytes != 0 && size != bytes)) return false;
  const auto content = read_file(file);
  return content && sha256(*content) == digest;
}

/// The folder a job's pictures go to when none is named.
std::filesystem::path default_folder(const v1::JobView& job) {
  return job.name().empty() ? fmt::format("job-{}", job.id()) : file_name_part(job.name(), 80);
}

Result<FetchCounts> fetch_pictures(Client& client, const v1::JobView& job,
                                   const std::filesystem::path& folder, int interrupt_fd,
                                   Console& console) {
  FURROW_TRY(const std::string blobs, blob_endpoint_of(client));
  FURROW_TRY(BlobFetcher fetcher, BlobFetcher::connect(blobs, {.interrupt_fd = interrupt_fd}));
  const spec::Grid grid(job.plan());
  FetchCounts counts;
  const auto fetch_cell = [&](const v1::CellView& cell) -> Result<void> {
    const auto digest = Digest::from_raw(cell.artifact());
    if (!digest) return {};
    const auto file = folder / picture_file_name(grid, cell.index());
    if (is_there(file, *digest, cell.artifact_bytes())) {
      ++counts.there_already;
      return {};
    }
    return fetcher.fetch(
        *digest, [&counts, &console, file](Result<std::string> blob) -> Result<void> {
          if (!blob) {
            ++counts.unreadable;
            console.err << fmt::format("{}: {}\n", printable(file.filename().string()),
                                       printable(blob.error().message));
            return {};
          }
          FURROW_TRY_VOID(write_file(file, *blob, Durability::Cached));
          ++counts.fetched;
          return {};
        });
  };
  FURROW_TRY_VOID(
      visit_cells(client, job.id(), {v1::CELL_STATE_DONE, v1::CELL_STATE_CACHED}, fetch_cell));
  FURROW_TRY_VOID(fetcher.finish());
  return counts;
}

}  // namespace

std::span<const Flag> job_fetch_flags() {
  static constexpr Flag kFlags[] = {
      {"out", "DIR", "the folder to fill (default: the job's name)", ValueKind::Folder, 'o'},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_job_fetch(const Arguments& arguments, Console& console) {
  const SignalInbox interrupts({SIGINT});
  FURROW_TRY(Client client, connect_client(arguments, interrupts.fd()));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands().front()));
  const auto folder = arguments.path("out").value_or(default_folder(job));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorKind::Io,
                fmt::format("cannot make the folder {}: {}.", folder.string(), error.message()));
  }
  FURROW_TRY(const FetchCounts counts,
             fetch_pictures(client, job, folder, interrupts.fd(), console));

  const std::uint64_t have = counts.fetched + counts.there_already;
  const std::uint64_t missing = job.cells().total() - std::min(have, job.cells().total());
  if (arguments.has("json")) {
    console.out << document({{"schema", "furrow.fetch/1"},
                             {"job", job.id()},
                             {"folder", folder.string()},
                             {"fetched", counts.fetched},
                             {"there_already", counts.there_already},
                             {"missing", missing}});
  } else {
    console.err << fmt::format("{} fetched", counted(counts.fetched, "picture"));
    if (counts.there_already > 0) {
      console.err << fmt::format(", {} there already", grouped(counts.there_already));
    }
    if (missing > 0) console.err << fmt::format(", {} still missing", grouped(missing));
    console.err << ".\n";
    console.out << folder.string() << '\n';
  }
  return counts.unreadable == 0 ? config::kExitOk : config::kExitError;
}

}  // namespace furrow::cli
