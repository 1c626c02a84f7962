// furrow-worker: gives this machine's devices to a coordinator.

#include <algorithm>
#include <array>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <boost/program_options.hpp>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"
#include "worker/agent/agent_loop.h"
#include "worker/command_line.h"
#include "worker/probe/machine.h"
#include "worker/probe/report.h"
#include "worker/render/render.h"

namespace furrow::worker {

namespace {

namespace po = boost::program_options;

constexpr std::uint32_t kMostCellsABatch = 4096;

constexpr const char* kUsage =
    R"(furrow-worker gives this machine's devices to a furrow coordinator.

  furrow-worker start [flags]   join the farm and render until stopped
  furrow-worker probe [flags]   say what this machine is: CPU, memory, limits, GPUs, models
  furrow-worker render [flags]  render one recipe here, with no farm

  furrow-worker COMMAND --help  the flags of a command
  furrow-worker --version
)";

po::options_description engine_flags() {
  po::options_description flags("Engine");
  flags.add_options()(
      "engine", po::value<std::string>(),
      "the program, with its own flags, that owns a device (default furrow-engine)")(
      "precision", po::value<std::string>(), "fp32, bf16 … (default: the engine's choice)");
  return flags;
}

Result<EngineCommand> engine_command(const CommandLine& line) {
  FURROW_TRY(auto command, EngineCommand::parse(line.text("engine").value_or("")));
  command.precision = line.text("precision").value_or("");
  return command;
}

std::vector<std::string> best_devices() {
  std::vector<probe::Gpu> gpus;
  for (const auto& source : probe::gpu_sources("/")) {
    if (auto found = source->read()) gpus.insert(gpus.end(), found->begin(), found->end());
  }
  return probe::default_devices(gpus);
}

Result<std::vector<std::string>> devices(const CommandLine& line) {
  const auto listed = line.text("devices");
  if (!listed) return best_devices();
  std::vector<std::string> names;
  std::istringstream words(*listed);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  const bool has_gap = std::find(names.begin(), names.end(), "") != names.end();
  if (names.empty() || has_gap || listed->back() == ',') {
    return fail(ErrorKind::Invalid,
                "--devices \"" + *listed + "\" is no list of devices like cpu or cuda:0,cuda:1");
  }
  return names;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                             : "worker";
}

po::options_description start_flags() {
  po::options_description flags("furrow-worker start");
  flags.add_options()("data", po::value<std::string>(), "the data folder")(
      "coordinator", po::value<std::string>(),
      "host or host:port of the worker port (default: what the data folder says)")(
      "name", po::value<std::string>(), "how people call this worker (default: the host's name)")(
      "devices", po::value<std::string>(),
      "one engine for each, e.g. cpu or cuda:0,cuda:1 (default: the best kind there is)")(
      "max-batch", po::value<std::string>(), "cells an engine renders at once, at most");
  return flags.add(engine_flags());
}

Result<void> start(const CommandLine& line) {
  AgentOptions options;
  options.data = config::data_folder(line.text("data"));
  options.name = line.text("name").value_or(host_name());
  if (const auto address = line.text("coordinator")) {
    options.coordinator = config::worker_endpoint(*address);
  }
  FURROW_TRY(const auto batch, line.number("max-batch", kMostCellsABatch));
  FURROW_TRY(options.engine, engine_command(line));
  options.engine.max_batch = batch.value_or(0);
  FURROW_TRY(options.devices, devices(line));
  return run_agent(options);
}

po::options_description probe_flags() {
  po::options_description flags("furrow-worker probe");
  flags.add_options()("data", po::value<std::string>(), "the data folder")("json", "for programs");
  return flags;
}

Result<void> show_probe(const CommandLine& line) {
  const auto machine = probe::probe_machine({.data = config::data_folder(line.text("data"))});
  std::cout << (line.has("json") ? probe::to_json(machine) : probe::to_page(machine));
  return {};
}

po::options_description render_flags() {
  po::options_description flags("furrow-worker render");
  flags.add_options()("model", po::value<std::string>(),
                      "the model: a diffusers folder or a checkpoint")(
      "vae", po::value<std::string>(), "a folder to take the VAE from")(
      "recipe", po::value<std::string>(), "the recipe, JSON")(
      "picture", po::value<std::vector<std::string>>()->composing(),
      "a picture that the recipe begins with; repeatable (default: beside the recipe)")(
      "weights", po::value<std::vector<std::string>>()->composing(),
      "a LoRA, refiner or upscaler that the recipe names; repeatable")(
      "out", po::value<std::string>(), "the PNG to write")(
      "device", po::value<std::string>(), "e.g. cpu or cuda:0 (default: the best there is)");
  return flags.add(engine_flags());
}

Result<void> render(const CommandLine& line) {
  RenderOptions options;
  FURROW_TRY(options.model, line.required("model"));
  FURROW_TRY(options.recipe, line.required("recipe"));
  FURROW_TRY(options.out, line.required("out"));
  options.vae = line.text("vae");
  for (const auto& picture : line.texts("picture")) options.pictures.emplace_back(picture);
  for (const auto& weights : line.texts("weights")) options.weights.emplace_back(weights);
  FURROW_TRY(options.engine, engine_command(line));
  const auto device = line.text("device");
  options.device = device ? *device : best_devices().front();
  return render_recipe(options);
}

struct Command {
  const char* name;
  po::options_description (*flags)();
  Result<void> (*run)(const CommandLine&);
};

constexpr Command kCommands[] = {{"start", start_flags, start},
                                 {"probe", probe_flags, show_probe},
                                 {"render", render_flags, render}};

int end_with(const Error& error) {
  std::cerr << "furrow-worker: " << error.message << "\n";
  return config::exit_code(error.kind);
}

int run_command(const Command& command, const std::vector<std::string>& arguments) {
  auto flags = command.flags();
  flags.add_options()("help", "print this");
  const auto line = CommandLine::parse(arguments, flags);
  if (!line) {
    std::cerr << "furrow-worker " << command.name << ": " << line.error().message
              << ". See: furrow-worker " << command.name << " --help\n";
    return config::kExitUsage;
  }
  if (line->has("help")) {
    std::cout << flags
              << "\nEvery flag with a value is also a variable: --max-batch is "
                 "FURROW_MAX_BATCH.\n";
    return config::kExitOk;
  }
  const auto outcome = command.run(*line);
  return outcome ? config::kExitOk : end_with(outcome.error());
}

int run(const std::vector<std::string>& arguments) {
  const std::string first = arguments.empty() ? "" : arguments.front();
  if (first == "--version" || first == "version") {
    std::cout << "furrow " << kVersion << "\n";
    return config::kExitOk;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    std::cout << kUsage;
    return config::kExitOk;
  }
  for (const auto& command : kCommands) {
    if (first == command.name)
      return run_command(command, {arguments.begin() + 1, arguments.end()});
  }
  if (!first.empty()) std::cerr << "furrow-worker: there is no command \"" << first << "\"\n\n";
  std::cerr << kUsage;
  return config::kExitUsage;
}

}  // namespace

}  // namespace furrow::worker

int main(int argc, char** argv) {
  furrow::start_log("furrow-worker");
  try {
    return furrow::worker::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "furrow-worker: " << error.what() << "\n";
    return furrow::config::kExitError;
  }
}
