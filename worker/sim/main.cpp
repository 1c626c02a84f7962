// furrow-engine-sim: an engine that renders nothing, for tests of scale and faults. Its GPU is a
// profile.

#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include <boost/program_options.hpp>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "worker/channel/engine_channel.h"
#include "worker/sim/device.h"
#include "worker/sim/profile.h"

namespace furrow::worker::sim {

namespace {

struct Options {
  int fd = -1;
  std::string device;
  std::optional<std::string> profile;
  std::optional<std::uint32_t> max_batch;
  std::optional<std::string> precision;
};

/// The engine's end of the channel, and the clock.
class Engine {
 public:
  Engine(Device device, EngineChannel channel)
      : device_(std::move(device)), channel_(std::move(channel)) {}

  Result<void> run() {
    v1::FromEngine hello;
    *hello.mutable_hello() = device_.hello();
    FURROW_TRY_VOID(channel_.send(std::move(hello)));
    while (!stopped_) {
      FURROW_TRY_VOID(device_.is_idle() ? take_next() : Result<void>());
      FURROW_TRY_VOID(take_arrived());
      if (stopped_ || device_.is_idle()) continue;
      auto tick = device_.tick();
      FURROW_TRY_VOID(pass(tick.busy));
      for (auto& word : tick.said) channel_.queue(std::move(word.message), word.attachment);
      FURROW_TRY_VOID(channel_.flush());
      meet(tick.end);
    }
    return {};
  }

  void set_crash_signal(int signal) { crash_signal_ = signal; }

 private:
  Result<void> take_next() {
    FURROW_TRY(auto received, channel_.receive<v1::ToEngine>());
    if (received) {
      take(std::move(received->message));
    } else {
      stopped_ = true;
    }
    return {};
  }

  Result<void> take_arrived() {
    FURROW_TRY(const auto arrived, channel_.read_available());
    for (;;) {
      FURROW_TRY(auto received, channel_.take<v1::ToEngine>());
      if (!received) break;
      take(std::move(received->message));
    }
    if (arrived == Arrived::Closed) stopped_ = true;
    return {};
  }

  void take(v1::ToEngine message) {
    if (message.has_render()) device_.render(std::move(*message.mutable_render()));
    if (message.has_cancel()) device_.cancel(message.cancel().token());
    if (message.has_stop()) stopped_ = true;
  }

  /// Lets time go by, and hears what is said meanwhile.
  Result<void> pass(Duration busy) {
    const auto end = Now::read().instant + busy;
    for (auto left = busy; left > Duration::zero() && !stopped_; left = end - Now::read().instant) {
      pollfd item{channel_.fd(), POLLIN, 0};
      const timespec patience{std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                              static_cast<long>((left % std::chrono::seconds(1)).count())};
      ::ppoll(&item, 1, &patience, nullptr);
      FURROW_TRY_VOID(take_arrived());
    }
    return {};
  }

  void meet(Device::End end) const {
    if (end == Device::End::Crash) {
      std::cerr << "the profile says that this attempt crashes the engine" << std::endl;
      std::signal(crash_signal_, SIG_DFL);
      ::raise(crash_signal_);
    }
    if (end == Device::End::Hang) {
      std::cerr << "the profile says that this attempt hangs" << std::endl;
      for (;;) ::pause();
    }
  }

  Device device_;
  EngineChannel channel_;
  int crash_signal_ = SIGSEGV;
  bool stopped_ = false;
};

Result<void> run(const Options& options) {
  Profile profile;
  if (options.profile) {
    FURROW_TRY(profile, read_profile(*options.profile));
  }
  if (options.max_batch) profile.max_batch = *options.max_batch;
  if (options.precision) profile.precision = *options.precision;
  const int signal = profile.crash_signal;
  Engine engine(Device(std::move(profile), options.device),
                EngineChannel(FileDescriptor(options.fd)));
  engine.set_crash_signal(signal);
  return engine.run();
}

}  // namespace

}  // namespace furrow::worker::sim

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  using furrow::worker::sim::Options;
  furrow::start_log("furrow-engine-sim");
  po::options_description described("furrow-engine-sim: plays a GPU; started by furrow-worker");
  described.add_options()("profile", po::value<std::string>(),
                          "YAML or JSON file; its keys are in worker/sim/profile.h")(
      "fd", po::value<int>(), "the socket to speak on, inherited")(
      "device", po::value<std::string>()->default_value("sim:0"),
      "what the agent calls the device")("max-batch", po::value<std::uint32_t>(),
                                         "instead of the profile's")(
      "precision", po::value<std::string>(), "instead of the profile's")(
      "version", "print the version")("help", "print this");
  po::variables_map given;
  try {
    po::store(po::parse_command_line(argc, argv, described), given);
  } catch (const po::error& error) {
    std::cerr << "furrow-engine-sim: " << error.what() << "\n";
    return furrow::config::kExitUsage;
  }
  if (given.count("help") > 0) return std::cout << described, furrow::config::kExitOk;
  if (given.count("version") > 0) {
    return std::cout << "furrow " << furrow::kVersion << "\n", furrow::config::kExitOk;
  }
  if (given.count("fd") == 0) {
    std::cerr << "furrow-engine-sim: it is started by furrow-worker, with --fd. "
                 "Try: furrow-worker start --engine \"furrow-engine-sim --profile FILE\"\n";
    return furrow::config::kExitUsage;
  }
  Options options{given["fd"].as<int>(), given["device"].as<std::string>(), {}, {}, {}};
  if (given.count("profile") > 0) options.profile = given["profile"].as<std::string>();
  if (given.count("max-batch") > 0) options.max_batch = given["max-batch"].as<std::uint32_t>();
  if (given.count("precision") > 0) options.precision = given["precision"].as<std::string>();
  const auto outcome = furrow::worker::sim::run(options);
  if (outcome) return furrow::config::kExitOk;
  std::cerr << "furrow-engine-sim: " << outcome.error().message << "\n";
  return furrow::config::exit_code(outcome.error().kind);
}
