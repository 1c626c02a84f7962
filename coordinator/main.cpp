// furrow-coordinator: the brain of the farm. Keeps jobs in SQLite and hands their cells to workers.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "common/base/log.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"
#include "common/model/model_index.h"
#include "coordinator/app.h"
#include "coordinator/options.h"

namespace furrow {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "furrow-coordinator: %s\n", error.message.c_str());
  return config::exit_code(error.kind);
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

/// A worker takes two connections and an upload a file, so the usual 1024 would end at 300 workers.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Keeps the signals that end the program for wait_for_end. Call before any thread starts.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void wait_for_end(const sigset_t& signals) {
  int signal = 0;
  ::sigwait(&signals, &signal);
  spdlog::info("coordinator stops signal={}", signal == SIGINT ? "SIGINT" : "SIGTERM");
}

/// Looks for the models of this machine, in a thread of its own: new ones have to be hashed.
class ModelScan {
 public:
  explicit ModelScan(const std::filesystem::path& data)
      : thread_([this, data] {
          auto index =
              model::scan_models(config::model_folders(data), data / "coordinator-models.json");
          for (const auto& broken : index.broken) {
            spdlog::warn("model cannot be used folder={} reason=\"{}\"", broken.path.string(),
                         broken.reason);
          }
          found_.set_value(std::move(index));
        }) {}

  std::shared_future<model::ModelIndex> index() const { return index_; }

  bool is_over() const {
    return index_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  std::promise<model::ModelIndex> found_;
  std::shared_future<model::ModelIndex> index_{found_.get_future()};
  std::jthread thread_;
};

int run(const CoordinatorOptions& options) {
  const sigset_t signals = block_end_signals();
  raise_file_limit();
  const ModelScan scan(options.data);
  {
    const auto app = App::start(options, scan.index());
    if (!app) {
      const int code = complain(app.error());
      // The scan only reads; nobody has to wait for it.
      if (!scan.is_over()) std::_Exit(code);
      return code;
    }
    wait_for_end(signals);
  }
  if (!scan.is_over()) std::_Exit(EXIT_SUCCESS);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace furrow

int main(int argc, char** argv) {
  using namespace furrow;
  start_log("coordinator");
  const auto command = read_command_line({argv + 1, argv + argc}, environment);
  if (!command) return complain(command.error());
  if (command->text) {
    std::fputs(command->text->c_str(), stdout);
    return EXIT_SUCCESS;
  }
  return run(command->options);
}
