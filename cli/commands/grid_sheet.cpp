#include <csignal>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/process/signals.h"
#include "cli/session.h"
#include "cli/sheet/draw_sheet.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

std::span<const Flag> grid_sheet_flags() {
  static constexpr Flag kFlags[] = {
      {"output", "FILE", "the PNG to write (default NAME.png)", ValueKind::File, 'o'},
      {"cell-size", "PX", "scale larger pictures down to this side", ValueKind::Number},
      {"title", "TEXT", "drawn on top (default: the job's name; \"\" for none)", ValueKind::Text},
  };
  return kFlags;
}

Result<ExitCode> run_grid_sheet(const Arguments& arguments, Console& console) {
  FURROW_TRY(const auto cell_size, arguments.integer("cell-size", 8, 16'384));
  if (const auto file = arguments.path("output")) FURROW_TRY_VOID(check_sheet_file(*file));
  const SignalInbox interrupts({SIGINT});
  FURROW_TRY(Client client, connect_client(arguments, interrupts.fd()));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands().front()));
  SheetWish wish;
  wish.file = arguments.path("output").value_or(default_sheet_file(job));
  wish.title = arguments.text("title").value_or(job.name());
  wish.max_cell_px = static_cast<std::uint32_t>(cell_size.value_or(0));
  FURROW_TRY_VOID(draw_sheet(client, job, wish, interrupts.fd(), console));
  console.out << wish.file.string() << '\n';
  return config::kExitOk;
}

}  // namespace furrow::cli
