// furrow up: a coordinator and one worker on this machine, looked after until Ctrl-C.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>

#include "cli/client.h"
#include "cli/commands/entries.h"
#include "cli/output/text.h"
#include "cli/process/service.h"
#include "cli/process/signals.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds, std::chrono::seconds;

constexpr milliseconds kLookEvery{50};   // while starting; afterwards only when something happens
constexpr seconds kWorkerExpected{30};   // then it is said that the worker is late
constexpr int kStopPatienceMs = 10'000;  // of a child, before it is ended by force
constexpr std::size_t kLastWordsShown = 5;

std::vector<std::string> coordinator_arguments(const Arguments& arguments,
                                               const std::filesystem::path& data) {
  std::vector<std::string> words = {"--data", data.string()};
  for (const char* flag : {"listen", "port"}) {
    if (const auto value = arguments.text(flag)) {
      words.insert(words.end(), {fmt::format("--{}", flag), *value});
    }
  }
  return words;
}

std::vector<std::string> worker_arguments(const Arguments& arguments,
                                          const std::filesystem::path& data) {
  std::vector<std::string> words = {"start", "--data", data.string()};
  for (const char* flag : {"name", "devices", "engine", "precision"}) {
    if (const auto value = arguments.text(flag)) {
      words.insert(words.end(), {fmt::format("--{}", flag), *value});
    }
  }
  return words;
}

/// The two services of `up` and what is told about them.
///
///   starting coordinator → (it listens) → starting worker → (it is enrolled) → up
class Farm {
 public:
  Farm(const Arguments& arguments, std::filesystem::path data, Console& console)
      : data_(std::move(data)),
        has_data_flag_(arguments.has("data")),
        coordinator_("coordinator", sibling_program("furrow-coordinator"),
                     coordinator_arguments(arguments, data_), data_ / "logs" / "coordinator.log"),
        worker_("worker", sibling_program("furrow-worker"), worker_arguments(arguments, data_),
                data_ / "logs" / "worker.log"),
        console_(console) {}

  Result<ExitCode> run();

 private:
  enum class Stage { Coordinator, Worker, Up };

  void say(std::string_view text) { console_.err << printable(text) << '\n' << std::flush; }

  Result<void> go_on(Instant now);
  Result<void> note_coordinator();
  void note_worker(Instant now);
  void say_welcome(const v1::WorkerView& worker);
  void wait_for_something(Instant now);
  std::optional<Error> look_after(Service& service, Instant now);
  void stop(int signal);

  std::filesystem::path data_;
  bool has_data_flag_;
  Service coordinator_;
  Service worker_;
  Console& console_;
  SignalInbox signals_{SIGINT, SIGTERM, SIGHUP};
  Stage stage_ = Stage::Coordinator;
  config::Endpoints endpoints_;
  std::optional<Client> client_;
  Instant worker_started_;
  bool said_late_ = false;
};

Result<ExitCode> Farm::run() {
  FURROW_TRY_VOID(coordinator_.start());
  for (;;) {
    if (const auto signal = signals_.take()) {
      stop(*signal);
      return config::kExitOk;
    }
    const Instant now = Now::read().instant;
    for (Service* service : {&coordinator_, &worker_}) {
      if (const auto fault = look_after(*service, now)) {
        stop(SIGTERM);
        return Unexpected(*fault);
      }
    }
    FURROW_TRY_VOID(go_on(now));
    wait_for_something(now);
  }
}

std::optional<Error> Farm::look_after(Service& service, Instant now) {
  const auto event = service.look_after(now);
  if (!event) return std::nullopt;
  if (!event->given_up) {
    say(event->text);
    return std::nullopt;
  }
  // Its exit code says what kind of fault it met; ours is the same.
  ErrorKind kind = ErrorKind::Internal;
  for (const ErrorKind candidate :
       {ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::NotAllowed, ErrorKind::Conflict}) {
    const auto& ending = service.last_ending();
    if (ending && ending->signal == 0 && ending->code == config::exit_code(candidate)) {
      kind = candidate;
    }
  }
  std::string message = fmt::format("{} and is not started again.", event->text);
  const auto words = service.last_words(kLastWordsShown);
  if (!words.empty()) message += fmt::format(" It said last:\n  {}", fmt::join(words, "\n  "));
  return Error{kind, message + fmt::format("\n  More in {}", service.log().string())};
}

/// One step towards being up, if it can be taken now.
Result<void> Farm::go_on(Instant now) {
  switch (stage_) {
    case Stage::Coordinator:
      return note_coordinator();
    case Stage::Worker:
      note_worker(now);
      return {};
    case Stage::Up:
      return {};
  }
  return {};
}

Result<void> Farm::note_coordinator() {
  const auto endpoints = config::read_endpoints(data_);
  if (!endpoints || endpoints->pid != coordinator_.pid()) return {};  // not listening yet
  endpoints_ = *endpoints;
  FURROW_TRY(client_, Client::connect(endpoints_.client));
  FURROW_TRY_VOID(worker_.start());
  worker_started_ = Now::read().instant;
  stage_ = Stage::Worker;
  return {};
}

void Farm::note_worker(Instant now) {
  const auto reply = client_->workers();
  if (reply) {
    const auto& workers = reply->workers();
    // A worker says hello before its engines do; it is of use once a device is there.
    const auto here =
        std::find_if(workers.begin(), workers.end(), [](const v1::WorkerView& worker) {
          return worker.connected() && worker.devices_size() > 0;
        });
    if (here != workers.end()) {
      say_welcome(*here);
      client_.reset();
      stage_ = Stage::Up;
      return;
    }
  }
  if (!said_late_ && now - worker_started_ > kWorkerExpected) {
    said_late_ = true;
    say(
        fmt::format("the worker is not enrolled yet: it may be reading models for the first time. "
                    "Its log: {}",
                    worker_.log().string()));
  }
}

void Farm::say_welcome(const v1::WorkerView& worker) {
  std::vector<std::string> devices;
  for (const v1::DeviceInfo& device : worker.devices()) {
    devices.push_back(device.name().empty()
                          ? device.device()
                          : fmt::format("{} ({})", device.device(), device.name()));
  }
  const std::string data_flag = has_data_flag_ ? fmt::format(" --data {}", data_.string()) : "";
  say(fmt::format("furrow {} is up: clients {}, workers {}, data {}", kVersion, endpoints_.client,
                  endpoints_.worker, data_.string()));
  say(fmt::format("worker {}: {}, {}. Logs: {}", worker.name(), fmt::join(devices, ", "),
                  counted(static_cast<std::uint64_t>(worker.models_size()), "model"),
                  (data_ / "logs").string()));
  say("next:");
  say(
      fmt::format("  furrow submit{} --prompt \"a cat face\" --size 128x128 -x 'Seed: 1-4' "
                  "--sheet grid.png",
                  data_flag));
  say(fmt::format("  furrow status{}", data_flag));
  const bool loopback_only = endpoints_.worker.find("127.0.0.1") != std::string::npos;
  say(loopback_only
          ? "  furrow up --listen 0.0.0.0                  to let other machines join"
          : fmt::format("  furrow-worker start --coordinator THIS-HOST:{}   on another machine",
                        endpoints_.worker.substr(endpoints_.worker.rfind(':') + 1)));
  say("Ctrl-C stops both.");
}

void Farm::wait_for_something(Instant now) {
  std::vector<pollfd> items = {{signals_.fd(), POLLIN, 0}};
  int wait_ms = -1;
  const auto at_most = [&](Duration wait) {
    const auto ms = std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(wait).count());
    wait_ms = wait_ms < 0 ? static_cast<int>(ms) : std::min(wait_ms, static_cast<int>(ms));
  };
  if (stage_ != Stage::Up) at_most(kLookEvery);
  for (const Service* service : {&coordinator_, &worker_}) {
    if (service->fd() >= 0) items.push_back({service->fd(), POLLIN, 0});
    if (service->next_look()) at_most(*service->next_look() - now);
  }
  ::poll(items.data(), items.size(), wait_ms);
}

/// The worker first, so that it can say goodbye; then the coordinator. A second signal ends both by
/// force.
void Farm::stop(int signal) {
  if (signal != SIGTERM || stage_ == Stage::Up) say("stopping; once more ends it by force");
  for (Service* service : {&worker_, &coordinator_}) {
    if (service->fd() < 0) continue;
    ::kill(service->pid(), SIGTERM);
    std::vector<pollfd> items = {{signals_.fd(), POLLIN, 0}, {service->fd(), POLLIN, 0}};
    ::poll(items.data(), items.size(), kStopPatienceMs);
    if (signals_.take()) {
      worker_.kill();
      coordinator_.kill();
      return;
    }
    service->stop(0);
  }
}

}  // namespace

std::span<const Flag> up_flags() {
  static constexpr Flag kFlags[] = {
      {"listen", "ADDRESS", "where to listen (default 127.0.0.1; 0.0.0.0 lets other machines join)",
       ValueKind::Text},
      {"port", "N", "of clients; workers use N+1, blobs N+2 (default 7710; 0: free ones)",
       ValueKind::Number},
      {"name", "TEXT", "the worker's name (default: the host's)", ValueKind::Text},
      {"devices", "LIST", "what the worker renders on, as in \"cuda:0,cpu\" (default: the best)",
       ValueKind::Text},
      {"precision", "TYPE", "fp32 or bf16 (default: the device's best)", ValueKind::Text},
      {"engine", "PROGRAM", "another engine than furrow-engine", ValueKind::File},
  };
  return kFlags;
}

Result<ExitCode> run_up(const Arguments& arguments, Console& console) {
  const auto data = std::filesystem::absolute(data_folder_of(arguments));
  std::error_code error;
  std::filesystem::create_directories(data / "logs", error);
  if (error) {
    return fail(ErrorKind::Io,
                fmt::format("cannot make the data folder {}: {}.", data.string(), error.message()));
  }
  // The worker is to find the coordinator of this data folder, whatever clients are pointed at.
  unsetenv("FURROW_COORDINATOR");
  return Farm(arguments, data, console).run();
}

}  // namespace furrow::cli
