#include "cli/session.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "common/config/paths.h"
#include "common/wire/socket.h"

namespace furrow::cli {

namespace {

bool has_ended(int pid) {
  return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

bool is_named_elsewhere(const Arguments& arguments) {
  const char* address = std::getenv("FURROW_COORDINATOR");
  return arguments.has("coordinator") || (address != nullptr && *address != '\0');
}

}  // namespace

std::filesystem::path data_folder_of(const Arguments& arguments) {
  return config::data_folder(arguments.path("data"));
}

Result<Client> connect_client(const Arguments& arguments, int interrupt_fd) {
  const auto data = data_folder_of(arguments);
  if (!is_named_elsewhere(arguments)) {
    const auto endpoints = config::read_endpoints(data);
    if (endpoints && has_ended(endpoints->pid)) {
      return fail(ErrorKind::Unreachable,
                  fmt::format("No coordinator answers at {}: the one of {} has ended. "
                              "Start one with: furrow up",
                              endpoints->client, data.string()));
    }
  }
  ClientOptions options;
  options.interrupt_fd = interrupt_fd;
  if (!is_named_elsewhere(arguments)) {
    options.look_up = [data]() -> std::optional<std::string> {
      const auto endpoints = config::read_endpoints(data);
      return endpoints ? std::optional(endpoints->client) : std::nullopt;
    };
  }
  return Client::connect(config::client_endpoint(arguments.text("coordinator"), data), options);
}

Result<std::string> blob_endpoint_of(Client& client) {
  FURROW_TRY(const v1::StatusReply status, client.status(1));
  return wire::endpoint_at_host_of(status.blob_endpoint(), client.endpoint());
}

Result<void> visit_cells(Client& client, std::uint64_t job,
                         const std::vector<v1::CellState>& states,
                         const std::function<Result<void>(const v1::CellView&)>& visit) {
  v1::ListCells which;
  which.mutable_job()->set_text(std::to_string(job));
  for (const v1::CellState state : states) which.add_states(state);
  for (;;) {
    FURROW_TRY(const v1::CellsReply page, client.list_cells(which));
    for (const v1::CellView& cell : page.cells()) FURROW_TRY_VOID(visit(cell));
    // A page that does not lead on is the last, whatever it says.
    if (page.next() <= which.first() || page.cells().empty()) return {};
    which.set_first(page.next());
  }
}

}  // namespace furrow::cli
