#pragma once

#include <span>

#include "cli/command.h"

namespace furrow::cli {

/// Every command there is, in the order of `furrow --help`. To add one: commands/x.cpp and a row.
std::span<const Command> command_table();

}  // namespace furrow::cli
