// furrow-sheet: draws a sheet for the furrow command, which starts it and hands it the pictures
// (sheet.proto).
#include <iostream>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "cli/sheet/sheet_channel.h"
#include "common/base/files.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "common/image/png.h"
#include "common/sheet/sheet.h"
#include "furrow/v1/sheet.pb.h"

namespace furrow::cli {

namespace {

/// The next cell as it came. A picture that cannot be read becomes a placeholder: one damaged file
/// does not cost the sheet.
Result<sheet::CellPicture> next_cell(SheetChannel& channel) {
  v1::SheetCell cell;
  FURROW_TRY_VOID(channel.receive_into(cell));
  if (!cell.has_png()) return sheet::CellPicture{std::nullopt, cell.placeholder()};
  auto decoded = image::decode_png(cell.png());
  if (!decoded) return sheet::CellPicture{std::nullopt, "unreadable"};
  return sheet::CellPicture{std::move(decoded->image), ""};
}

Result<v1::SheetReply> draw(SheetChannel& channel) {
  v1::SheetRequest request;
  FURROW_TRY_VOID(channel.receive_into(request));
  const spec::Grid grid(request.plan());
  sheet::SheetOptions options;
  options.title = request.title();
  options.max_cell_px = static_cast<int>(request.max_cell_px());
  FURROW_TRY(const image::Image picture,
             sheet::compose(
                 grid, [&](std::uint64_t) { return next_cell(channel); }, options));
  const std::string png =
      image::encode_png(picture, {{"Software", std::string("furrow ") + kVersion}});
  FURROW_TRY_VOID(write_file(request.output(), png, Durability::Cached));
  v1::SheetReply reply;
  reply.set_width(static_cast<std::uint32_t>(picture.width));
  reply.set_height(static_cast<std::uint32_t>(picture.height));
  return reply;
}

bool is_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

int run() {
  if (!is_socket(STDIN_FILENO)) {
    std::cerr << "furrow-sheet draws sheets for the furrow command and is not run by hand. "
                 "Use: furrow grid sheet J -o FILE\n";
    return config::kExitUsage;
  }
  SheetChannel channel{FileDescriptor(STDIN_FILENO)};
  const auto drawn = draw(channel);
  v1::SheetReply reply;
  if (drawn) {
    reply = *drawn;
  } else {
    reply.set_error(drawn.error().message);
    reply.set_invalid(drawn.error().kind == ErrorKind::Invalid);
  }
  return channel.send(reply) && drawn ? config::kExitOk : config::kExitError;
}

}  // namespace

}  // namespace furrow::cli

int main() {
  return furrow::cli::run();
}
