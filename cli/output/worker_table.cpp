#include "cli/output/worker_table.h"

#include <fmt/format.h>

#include "cli/output/table.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"

namespace furrow::cli {

namespace {

std::string device_text(const v1::DeviceInfo& device) {
  std::string text = device.device();
  if (!device.name().empty()) text += " " + device.name();
  if (device.memory_bytes() > 0) text += ", " + bytes_text(device.memory_bytes());
  if (!device.precision().empty()) text += ", " + device.precision();
  return text;
}

}  // namespace

std::string worker_table(const std::vector<v1::WorkerView>& workers, std::int64_t now_unix_ms,
                         const Terminal& terminal) {
  Table table({{"WORKER", Align::Left, 8},
               {"STATE", Align::Left, 9},
               {"DEVICE", Align::Left, 10},
               {"DONE", Align::Right},
               {"FAILED", Align::Right},
               {"DOING", Align::Left, 10}});
  for (const v1::WorkerView& worker : workers) {
    const TableCell state =
        worker.connected() ? TableCell("connected", Paint::Green)
                           : TableCell("away, seen " + ago_text(worker.last_seen_ms(), now_unix_ms),
                                       Paint::Yellow);
    const std::string doing =
        worker.connected() && worker.doing().empty() ? "idle" : worker.doing();
    const std::string first = worker.devices().empty() ? "none" : device_text(worker.devices(0));
    table.add_row(
        {worker.name(), state, first, grouped(worker.done()), grouped(worker.failed()), doing});
    for (int i = 1; i < worker.devices_size(); ++i) {
      table.add_row({"", "", device_text(worker.devices(i)), "", "", ""});
    }
  }
  return table.render(terminal);
}

}  // namespace furrow::cli
