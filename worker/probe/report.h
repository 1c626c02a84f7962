#pragma once

#include <cstdint>
#include <string>

#include "worker/probe/machine.h"

namespace furrow::worker::probe {

/// The machine as JSON of schema "furrow.probe/1", indented, with a newline at its end.
std::string to_json(const Machine& machine);

/// The machine as a page for people.
std::string to_page(const Machine& machine);

}  // namespace furrow::worker::probe
