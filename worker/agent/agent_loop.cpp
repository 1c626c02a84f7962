#include "worker/agent/agent_loop.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <utility>

#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include "common/base/files.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"
#include "common/model/model_index.h"
#include "common/wire/blob_uploader.h"
#include "common/wire/socket.h"
#include "worker/agent/input_cache.h"
#include "worker/agent/input_fetcher.h"
#include "worker/agent/session.h"
#include "worker/agent/spool.h"
#include "worker/agent/worker_id.h"
#include "worker/probe/machine.h"

namespace furrow::worker {

namespace {

/// Timers of the session are looked at this often; everything else wakes the loop by itself.
constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr Duration kLoadInterval = std::chrono::seconds(1);
constexpr Duration kEnginePatience = std::chrono::seconds(2);
constexpr Duration kDyingPatience = std::chrono::milliseconds(50);
/// What waits to be sent for so long waits for a connection.
constexpr Duration kUnreachable = std::chrono::seconds(1);
/// Vain hellos from one word of them to the next in the log: a minute of them.
constexpr int kVainHellosAWord = 20;
/// Messages taken from one source before the others have their turn.
constexpr int kMessagesARound = 1024;

/// An engine and what is wrong with it, if the agent itself ends it.
struct RunningEngine {
  EngineProcess process;
  std::string fault;
  bool is_open = true;
};

/// SIGINT and SIGTERM as a descriptor to poll.
Result<FileDescriptor> take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  FileDescriptor fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) return Unexpected(errno_error("cannot wait for signals"));
  return fd;
}

/// Owns everything of the agent that touches the world, and does what the session decides.
class AgentLoop {
 public:
  AgentLoop(const AgentOptions& options, FileDescriptor signals, SpoolFolder spool,
            InputCache inputs, Session session)
      : options_(options),
        signals_(std::move(signals)),
        spool_(std::move(spool)),
        session_(std::move(session)),
        uploader_(context_, wire::BlobKind::Artifact),
        fetcher_(context_, std::move(inputs)) {
    engines_.resize(options.devices.size());
  }

  void run() {
    session_.on_started(Now::read().instant);
    perform_effects();
    while (!finished_) {
      wait();
      read_coordinator();
      read_blobs();
      for (EngineIndex engine = 0; engine < engines_.size(); ++engine) read_engine(engine);
      read_signals();
      tick();
      perform_effects();
      fetch_inputs();
      write();
    }
    stop_engines();
  }

 private:
  // Waiting.

  void wait() {
    std::vector<zmq::pollitem_t> items;
    const auto add_fd = [&items](int fd, bool wants_write) {
      const int events = ZMQ_POLLIN | (wants_write ? ZMQ_POLLOUT : 0);
      if (fd >= 0) items.push_back({nullptr, fd, static_cast<short>(events), 0});
    };
    const auto add_socket = [&items](zmq::socket_ref socket, bool wants_write) {
      const int events = ZMQ_POLLIN | (wants_write ? ZMQ_POLLOUT : 0);
      items.push_back({socket.handle(), 0, static_cast<short>(events), 0});
    };
    add_fd(signals_.get(), false);
    if (control_) add_socket(control_->socket(), !outbox_.empty());
    if (const auto socket = uploader_.socket()) add_socket(*socket, uploader_.has_unsent());
    if (const auto socket = fetcher_.socket()) add_socket(*socket, fetcher_.has_unsent());
    for (auto& engine : engines_) {
      if (!engine) continue;
      add_fd(engine->process.log_fd(), false);
      add_fd(engine->process.exit_fd(), false);
      if (engine->is_open) {
        add_fd(engine->process.channel().fd(), engine->process.channel().has_unsent());
      }
    }
    try {
      zmq::poll(items, std::chrono::duration_cast<std::chrono::milliseconds>(kTick));
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
    now_ = Now::read().instant;
  }

  // Events.

  void read_coordinator() {
    for (int i = 0; control_ && i < kMessagesARound; ++i) {
      const auto incoming = control_->receive();
      if (!incoming) return;
      v1::ToWorker message;
      if (!incoming->parse_into(message)) continue;
      if (message.has_refusal()) {
        spdlog::warn("the coordinator refuses this worker: {}", message.refusal().reason());
      }
      const bool was_welcome = session_.is_welcome();
      session_.on_message(message, now_);
      if (!was_welcome && session_.is_welcome()) {
        vain_hellos_ = 0;
        spdlog::info("connected coordinator={} epoch={} held={}", dialled_, message.epoch(),
                     session_.attempts().held());
      }
    }
  }

  void read_blobs() {
    tell_session(uploader_.receive());
    tell_session(fetcher_.receive(now_));
  }

  void tell_session(const std::vector<InputFetcher::Answer>& answers) {
    for (const auto& answer : answers) {
      switch (answer.outcome) {
        case InputFetcher::Outcome::Fetched:
          spdlog::info("picture for cells is here digest={} bytes={}", answer.input.hex(),
                       answer.bytes);
          session_.on_input_fetched(answer.input, answer.path.string(), answer.bytes);
          break;
        case InputFetcher::Outcome::Missing:
          session_.on_input_missing(answer.input);
          break;
        case InputFetcher::Outcome::Failed:
          session_.on_input_failed(answer.input, answer.reason);
          break;
      }
    }
  }

  void tell_session(const std::vector<wire::BlobUploader::Answer>& answers) {
    for (const auto& answer : answers) {
      if (answer.stored) {
        session_.on_blob_stored(answer.digest, now_);
      } else {
        spdlog::warn("picture not taken, trying again: {} artifact={}", answer.refusal,
                     answer.digest.hex());
        session_.on_blob_refused(answer.digest, now_);
      }
    }
  }

  void read_engine(EngineIndex index) {
    auto& engine = engines_[index];
    if (!engine) return;
    // Whether it has ended is asked first: what is read afterwards is then all that it ever said.
    auto exit = engine->process.exited();
    pass_log_on(*engine, index);
    read_channel(*engine, index, exit);
    pass_log_on(*engine, index);
    if (!exit) return;
    if (!engine->fault.empty()) exit->words = engine->fault + " and was killed";
    spdlog::warn("the engine on {} {}", options_.devices[index], exit->words);
    session_.on_engine_exited(index, *exit, engine->process.log_tail(), now_);
    engine.reset();
  }

  void pass_log_on(RunningEngine& engine, EngineIndex index) {
    for (const auto& line : engine.process.read_log()) {
      spdlog::info("engine {}: {}", options_.devices[index], line);
    }
  }

  /// Takes what the engine said; all of it when it has ended.
  void read_channel(RunningEngine& engine, EngineIndex index, std::optional<EngineExit>& exit) {
    while (engine.is_open) {
      const auto arrived = engine.process.channel().read_available();
      for (;;) {
        auto received = engine.process.channel().take<v1::FromEngine>();
        if (!received) return end_faulty(engine, "broke the protocol: " + received.error().message);
        if (!*received) break;
        take(index, std::move(**received));
      }
      engine.is_open = arrived && *arrived != Arrived::Closed;
      if (!exit || !arrived || *arrived != Arrived::Bytes) break;
    }
    if (engine.is_open || exit) return;
    // A dying process closes its socket a moment before it can be reaped.
    exit = engine.process.wait(kDyingPatience);
    if (!exit) end_faulty(engine, "closed its socket");
  }

  void end_faulty(RunningEngine& engine, std::string fault) {
    engine.is_open = false;
    if (engine.fault.empty()) engine.fault = std::move(fault);
    engine.process.kill();
  }

  void take(EngineIndex index, Received<v1::FromEngine> received) {
    auto& message = received.message;
    switch (message.body_case()) {
      case v1::FromEngine::kHello:
        spdlog::info("engine ready device={} name=\"{}\" backend=\"{}\" precision={} batch={}",
                     options_.devices[index], message.hello().device_name(),
                     message.hello().version(), message.hello().precision(),
                     message.hello().max_batch());
        return session_.on_engine_hello(index, message.hello(), now_);
      case v1::FromEngine::kProgress:
        return session_.on_engine_progress(index, message.progress(), now_);
      case v1::FromEngine::kRendered:
        return session_.on_engine_rendered(index, message.rendered(),
                                           std::move(received.attachment), now_);
      case v1::FromEngine::kFailed:
        return session_.on_engine_failed(index, message.failed(),
                                         engines_[index]->process.log_tail(), now_);
      case v1::FromEngine::BODY_NOT_SET:
        return;
    }
  }

  void read_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (stopping_) std::_Exit(config::kExitInterrupted);  // engines die with their parent
      stopping_ = true;
      spdlog::info("stopping; once more ends it at once");
      session_.on_stop_requested(now_, "stopped on this machine");
    }
  }

  void tick() {
    if (now_ - ticked_ < kTick) return;
    ticked_ = now_;
    if (now_ - load_read_ >= kLoadInterval) {
      load_read_ = now_;
      free_memory_ = probe::read_memory("/").available_bytes;
    }
    if (!control_) dial();
    session_.on_tick(now_, free_memory_);
  }

  // Effects.

  void perform_effects() {
    for (auto effects = session_.take_effects(now_); !effects.empty();
         effects = session_.take_effects(now_)) {
      for (auto& effect : effects) {
        std::visit([this](auto& one) { perform(one); }, effect);
      }
    }
  }

  void perform(const Connect& connect) {
    spdlog::debug("connecting: {}", connect.reason);
    if (control_ && vain_hellos_++ % kVainHellosAWord == 0) {
      spdlog::warn("{} coordinator={}, trying on", connect.reason, dialled_);
    }
    blocked_since_.reset();
    outbox_.clear();
    control_.reset();
    dial();
  }

  /// Connects when it is known where to; asked again each tick otherwise.
  void dial() {
    auto endpoint = options_.coordinator;
    if (!endpoint) {
      const auto told = config::read_endpoints(options_.data);
      if (told && !told->worker.empty()) endpoint = told->worker;
    }
    if (!endpoint) {
      if (!std::exchange(said_waiting_, true)) {
        spdlog::info("waiting for a coordinator to start on {}", options_.data.string());
      }
      return;
    }
    auto socket = wire::Dealer::connect(context_, *endpoint, {});
    if (!socket) {
      spdlog::error("{}", socket.error().message);
      return;
    }
    if (dialled_ != *endpoint) spdlog::info("connecting coordinator={}", *endpoint);
    dialled_ = *endpoint;
    control_ = *std::move(socket);
  }

  void perform(const ConnectBlobs& connect) {
    const auto endpoint = wire::endpoint_at_host_of(connect.endpoint, dialled_);
    if (const auto connected = uploader_.connect(endpoint); !connected) {
      spdlog::error("{}", connected.error().message);
    }
    fetcher_.connect(endpoint);
  }

  void perform(SendToCoordinator& send) {
    if (send.message.has_failed()) {
      const auto& failed = send.message.failed();
      spdlog::warn("attempt failed: {} job={} cell={} attempt={}", failed.detail(),
                   failed.token().job(), failed.token().cell(), failed.token().attempt());
    }
    outbox_.push_back(std::move(send.message));
  }

  void perform(const SendToEngine& send) {
    if (auto& engine = engines_[send.engine]) engine->process.channel().queue(send.message);
  }

  void perform(const StartEngine& start) {
    const auto& device = options_.devices[start.engine];
    auto process = EngineProcess::start(options_.engine, device);
    if (process) {
      spdlog::info("engine started device={} pid={}", device, process->pid());
      engines_[start.engine] = RunningEngine{*std::move(process), {}};
      return;
    }
    spdlog::error("{}", process.error().message);
    session_.on_engine_exited(start.engine, {"cannot be started: " + process.error().message}, {},
                              now_);
  }

  void perform(const KillEngine& kill) {
    spdlog::warn("killing the engine on {}: {}", options_.devices[kill.engine], kill.reason);
    if (auto& engine = engines_[kill.engine]) engine->process.kill();
  }

  void perform(const Spool& spool) {
    const auto& token = spool.cell.token();
    if (const auto stored = spool_.store(spool.cell, spool.picture); !stored) {
      spdlog::error("{}", stored.error().message);
      return session_.on_spool_failed(token, stored.error().message);
    }
    spdlog::info("rendered job={} cell={} attempt={} seconds={:.2f} device={}", token.job(),
                 token.cell(), token.attempt(), spool.cell.timing().total(), spool.cell.device());
    session_.on_spooled(token, now_);
  }

  void perform(const DeleteSpooled& spooled) { spool_.remove(spooled.token); }

  void perform(const Upload& upload) {
    uploader_.upload(upload.digest, spool_.picture_path(upload.token));
  }

  void perform(const FetchInput& fetch) { fetcher_.fetch(fetch.digest); }

  void perform(const StopFetching& stop) { fetcher_.stop(stop.digest); }

  void perform(const DeleteInput& input) { fetcher_.remove(input.digest); }

  void perform(const Finish&) { finished_ = true; }

  // Fetching.

  void fetch_inputs() {
    const auto answers = fetcher_.pump(now_);
    if (answers.empty()) return;
    tell_session(answers);
    perform_effects();
  }

  // Writing.

  void write() {
    send_outbox();
    tell_session(uploader_.pump());
    for (auto& engine : engines_) {
      if (!engine || !engine->is_open) continue;
      // A failure means that the engine has gone, which reading finds out with all that it said.
      [[maybe_unused]] const auto written = engine->process.channel().write_available();
    }
  }

  void send_outbox() {
    while (control_ && !outbox_.empty()) {
      if (control_->send(outbox_.front()) == wire::Sent::Queued) {
        outbox_.pop_front();
        blocked_since_.reset();
      } else if (!blocked_since_) {
        blocked_since_ = now_;
        return;
      } else {
        if (now_ - *blocked_since_ >= kUnreachable) session_.on_unreachable(now_);
        return;
      }
    }
  }

  void stop_engines() {
    for (auto& engine : engines_) {
      if (engine && engine->is_open && engine->process.channel().write_available()) {
        if (!engine->process.wait(kEnginePatience)) engine->process.kill();
      }
    }
    engines_.clear();
  }

  const AgentOptions& options_;
  FileDescriptor signals_;
  SpoolFolder spool_;
  Session session_;

  zmq::context_t context_;
  std::optional<wire::Dealer> control_;
  std::string dialled_;
  std::deque<v1::FromWorker> outbox_;
  std::optional<Instant> blocked_since_;  // its first message could not be sent
  int vain_hellos_ = 0;
  wire::BlobUploader uploader_;
  InputFetcher fetcher_;
  std::vector<std::optional<RunningEngine>> engines_;

  Instant now_ = Now::read().instant;
  Instant ticked_{};
  Instant load_read_{};
  std::uint64_t free_memory_ = 0;
  bool said_waiting_ = false;
  bool stopping_ = false;
  bool finished_ = false;
};

void log_models(const model::ModelIndex& index) {
  for (const auto& found : index.models) {
    spdlog::info("model name={} family={} path={}", found.description.model().name(),
                 found.description.family(), found.path.string());
  }
  for (const auto& other : index.others) {
    spdlog::debug("model not offered, it is {} path={}", model::phrase_of(other.traits),
                  other.path.string());
  }
  for (const auto& broken : index.broken) {
    spdlog::warn("model cannot be used path={} reason=\"{}\"", broken.path.string(), broken.reason);
  }
}

}  // namespace

Result<void> run_agent(const AgentOptions& options) {
  FURROW_TRY(auto signals, take_signals());
  const auto folder = options.data / "worker";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return fail(ErrorKind::Io,
                "cannot make the folder " + folder.string() + ": " + failed.message());
  }
  FURROW_TRY(const auto lock, lock_file(folder / "lock"));
  if (!lock) {
    return fail(ErrorKind::Conflict, "another worker runs on " + folder.string() +
                                         ". Give this one a data folder of its own with --data.");
  }
  FURROW_TRY(const std::string id, worker_id(folder / "id"));
  auto models = model::scan_models(config::model_folders(options.data), folder / "models.json");
  log_models(models);
  SpoolFolder spool(folder / "spool");
  const auto spooled = spool.recover();
  InputCache inputs(folder / "inputs");
  auto left_inputs = inputs.recover();
  spdlog::info("worker name={} id={} spooled={} inputs={}", options.name, id, spooled.size(),
               left_inputs.size());
  Session session({.worker = id,
                   .name = options.name,
                   .version = kVersion,
                   .devices = options.devices,
                   .models = std::move(models.models),
                   .left_inputs = std::move(left_inputs)},
                  spooled);
  AgentLoop(options, std::move(signals), std::move(spool), std::move(inputs), std::move(session))
      .run();
  return {};
}

}  // namespace furrow::worker
