#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/client.h"
#include "common/base/result.h"

namespace furrow::cli {

/// The data folder that --data, FURROW_DATA and the defaults name.
std::filesystem::path data_folder_of(const Arguments& arguments);

/// A client of the coordinator that the flags, the environment or the data folder name. Errors:
/// Unreachable at once when the data folder names a coordinator that has ended.
Result<Client> connect_client(const Arguments& arguments, int interrupt_fd = -1);

/// The blob port's address, as this machine dials it.
Result<std::string> blob_endpoint_of(Client& client);

/// Calls `visit` for every cell of a job in index order, page by page. `states` empty: all.
/// An error of `visit` ends it.
Result<void> visit_cells(Client& client, std::uint64_t job,
                         const std::vector<v1::CellState>& states,
                         const std::function<Result<void>(const v1::CellView&)>& visit);

}  // namespace furrow::cli
