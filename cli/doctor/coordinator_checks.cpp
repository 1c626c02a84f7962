// What can be told of the coordinator: its address file, its ports, its answers, its workers.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "cli/client.h"
#include "cli/doctor/checks.h"
#include "cli/doctor/tcp_probe.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/session.h"
#include "common/base/files.h"
#include "common/base/version.h"
#include "common/config/paths.h"
#include "common/wire/socket.h"

namespace furrow::cli {

namespace {

constexpr std::chrono::milliseconds kProbePatience{2000};

std::optional<std::string> address_named(const Arguments& arguments) {
  if (const auto flag = arguments.text("coordinator")) return "--coordinator " + *flag;
  const char* address = std::getenv("FURROW_COORDINATOR");
  if (address != nullptr && *address != '\0') return std::string("FURROW_COORDINATOR=") + address;
  return std::nullopt;
}

Check check_address(const Arguments& arguments, const std::filesystem::path& data,
                    const std::string& endpoint) {
  const std::string file = (data / "coordinator.json").string();
  if (const auto named = address_named(arguments)) {
    return {"address", Health::Ok, fmt::format("{} ({})", endpoint, *named), ""};
  }
  const auto endpoints = config::read_endpoints(data);
  if (!endpoints && endpoints.error().kind == ErrorKind::Invalid) {
    return {"address", Health::Fail, endpoints.error().message, "furrow up writes it anew"};
  }
  if (!endpoints) {
    return {"address", Health::Warn, fmt::format("{} does not exist; {} is tried", file, endpoint),
            "start a coordinator with furrow up, or name one with --coordinator"};
  }
  if (kill(endpoints->pid, 0) != 0 && errno == ESRCH) {
    return {"address", Health::Fail,
            fmt::format("{} names process {}, which has ended", file, endpoints->pid),
            "start the coordinator again with furrow up"};
  }
  return {"address", Health::Ok, fmt::format("{} (from {})", endpoint, file), ""};
}

Check check_port(const char* name, const std::string& endpoint) {
  const auto reached = probe_tcp(endpoint, kProbePatience);
  if (reached) return {name, Health::Ok, endpoint + " takes connections", ""};
  return {name, Health::Fail, reached.error().message,
          "is the coordinator running, the address right and the port open in the firewall?"};
}

Check check_answer(const v1::StatusReply& status) {
  std::string found = fmt::format("coordinator {}, up {}, epoch {}", status.version(),
                                  duration_text(status.uptime_s()), status.epoch());
  if (status.version() != kVersion) {
    return {"protocol", Health::Warn, fmt::format("{}; this is furrow {}", found, kVersion),
            "run one version on all machines"};
  }
  return {"protocol", Health::Ok, std::move(found), ""};
}

std::vector<Check> check_workers(const v1::WorkersReply& reply) {
  std::vector<Check> checks;
  std::uint64_t connected = 0;
  for (const v1::WorkerView& worker : reply.workers()) {
    if (!worker.connected()) continue;
    ++connected;
    const std::string name = fmt::format("worker {}", worker.name());
    if (worker.devices().empty()) {
      checks.push_back({name, Health::Fail, "no device: its engine does not start",
                        "look into its log, DATA/logs/worker.log on that machine"});
    } else if (worker.models().empty()) {
      checks.push_back(
          {name, Health::Fail, "no model", "put models into DATA/models on that machine"});
    } else {
      checks.push_back(
          {name, Health::Ok,
           fmt::format("{}, {}, {} done, {} failed",
                       counted(static_cast<std::uint64_t>(worker.devices_size()), "device"),
                       counted(static_cast<std::uint64_t>(worker.models_size()), "model"),
                       grouped(worker.done()), grouped(worker.failed())),
           ""});
    }
  }
  const Check summary =
      connected == 0 ? Check{"workers", Health::Fail, "none is connected: every job waits",
                             "start one with furrow-worker start, or furrow up"}
                     : Check{"workers", Health::Ok,
                             fmt::format("{} of {} known", grouped(connected),
                                         grouped(static_cast<std::uint64_t>(reply.workers_size()))),
                             ""};
  checks.insert(checks.begin(), summary);
  return checks;
}

}  // namespace

std::vector<Check> check_coordinator(const Arguments& arguments) {
  const auto data = data_folder_of(arguments);
  const std::string endpoint = config::client_endpoint(arguments.text("coordinator"), data);
  std::vector<Check> checks = {check_address(arguments, data, endpoint)};
  if (checks.back().health == Health::Fail) return checks;
  checks.push_back(check_port("client port", endpoint));
  if (checks.back().health == Health::Fail) return checks;

  auto client = Client::connect(endpoint);
  const auto status = client ? client->status(1) : Result<v1::StatusReply>(client.unexpected());
  if (!status) {
    checks.push_back({"protocol", Health::Fail, status.error().message,
                      "is it a furrow coordinator that listens there?"});
    return checks;
  }
  checks.push_back(check_answer(*status));
  checks.push_back(
      check_port("blob port", wire::endpoint_at_host_of(status->blob_endpoint(), endpoint)));
  if (const auto workers = client->workers()) {
    const auto more = check_workers(*workers);
    checks.insert(checks.end(), more.begin(), more.end());
  }
  return checks;
}

std::vector<Check> check_everything(const Arguments& arguments) {
  const auto data = data_folder_of(arguments);
  std::vector<Check> checks;
  for (const auto& layer : {check_disk(data), check_programs(program_folder()), check_models(data),
                            check_system(), check_coordinator(arguments)}) {
    checks.insert(checks.end(), layer.begin(), layer.end());
  }
  return checks;
}

}  // namespace furrow::cli
