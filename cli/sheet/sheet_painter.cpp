#include "cli/sheet/sheet_painter.h"

#include <array>

#include <fmt/format.h>
#include <sys/socket.h>

namespace furrow::cli {

Result<SheetPainter> SheetPainter::start(const v1::SheetRequest& request) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Unexpected(errno_error("cannot talk to furrow-sheet"));
  }
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  FURROW_TRY(Child child, Child::spawn(sibling_program("furrow-sheet"), {},
                                       {.stdin_fd = theirs.get(), .log = {}, .own_group = true}));
  SheetPainter painter(std::move(child), SheetChannel(std::move(ours)));
  FURROW_TRY_VOID(painter.channel_.send(request));
  return painter;
}

Result<void> SheetPainter::add_picture(std::string png) {
  v1::SheetCell cell;
  cell.set_png(std::move(png));
  return add(cell);
}

Result<void> SheetPainter::add_placeholder(std::string_view text) {
  v1::SheetCell cell;
  cell.set_placeholder(std::string(text));
  return add(cell);
}

Result<void> SheetPainter::add(const v1::SheetCell& cell) {
  if (channel_.send(cell)) return {};
  // It takes no more because it has given up; its reply says why.
  const auto reply = finish();
  return reply ? fail(ErrorKind::Internal, "furrow-sheet took too few cells.") : reply.unexpected();
}

Result<v1::SheetReply> SheetPainter::finish() {
  channel_.end_sending();
  v1::SheetReply reply;
  if (!channel_.receive_into(reply)) {
    const auto ending = child_.wait_ending(-1);
    return fail(ErrorKind::Internal, fmt::format("furrow-sheet {} before the sheet was drawn.",
                                                 ending ? ending_text(*ending) : "is gone"));
  }
  if (!reply.error().empty()) {
    return fail(reply.invalid() ? ErrorKind::Invalid : ErrorKind::Io, reply.error());
  }
  return reply;
}

}  // namespace furrow::cli
