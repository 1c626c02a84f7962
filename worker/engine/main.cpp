// furrow-engine: renders on one device for the agent that started it.

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "common/config/exit_code.h"
#include "worker/engine/memory/host_memory.h"
#include "worker/engine/session.h"

namespace furrow::engine {

namespace {

constexpr std::string_view kUsage = R"(Usage: furrow-engine --fd N [OPTION]...
Renders cells on one device. furrow-worker starts it and talks to it over the socket N.

  --device D       cpu (default) or cuda:0
  --precision P    fp32, bf16 or auto (default): bf16 on a GPU, fp32 on a CPU
  --max-batch N    most cells denoised at once, 1 to 256 (default 8)
  --threads N      CPU threads to compute with (default: one a core)
  --version        print the version and end
  --help           print this and end
)";

struct Arguments {
  int fd = -1;
  std::string device = "cpu";
  std::string precision = "auto";
  int max_batch = 8;
  int threads = 0;  // 0: libtorch's own choice
};

Result<int> whole_number(std::string_view option, std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return fail(ErrorKind::Invalid, fmt::format("{} {}: a whole number from {} to {} is expected.",
                                                option, text, least, most));
  return value;
}

Result<Arguments> read_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (i + 1 == argc) return fail(ErrorKind::Invalid, fmt::format("{} needs a value.", option));
    const std::string_view value = argv[i + 1];
    if (option == "--fd") {
      FURROW_TRY(arguments.fd, whole_number(option, value, 0, 1 << 20));
    } else if (option == "--device") {
      arguments.device = value;
    } else if (option == "--precision") {
      arguments.precision = value;
    } else if (option == "--max-batch") {
      FURROW_TRY(arguments.max_batch, whole_number(option, value, 1, 256));
    } else if (option == "--threads") {
      FURROW_TRY(arguments.threads, whole_number(option, value, 1, 1024));
    } else {
      return fail(ErrorKind::Invalid, fmt::format("{} is not an option.", option));
    }
  }
  if (arguments.fd < 0) return fail(ErrorKind::Invalid, "--fd is missing.");
  return arguments;
}

Result<void> serve(const Arguments& arguments) {
  RendererOptions options;
  FURROW_TRY(options.device, open_device(arguments.device, arguments.precision));
  options.max_batch = static_cast<std::size_t>(arguments.max_batch);
  options.model_cache_bytes = options.device.memory_bytes / 4;
  if (arguments.threads > 0) at::set_num_threads(arguments.threads);
  return run_session(FileDescriptor(arguments.fd), options);
}

int run(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--help") {
    fmt::print("{}", kUsage);
    return config::kExitOk;
  }
  if (first == "--version") {
    fmt::print("furrow-engine {}, {}\n", kVersion, libtorch_version());
    return config::kExitOk;
  }
  const auto arguments = read_arguments(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "furrow-engine: {}\n{}", arguments.error().message, kUsage);
    return config::kExitUsage;
  }
  start_log("engine");
  keep_freed_memory();
  if (const auto served = serve(*arguments); !served) {
    fmt::print(stderr, "furrow-engine: {}\n", served.error().message);
    return config::exit_code(served.error().kind);
  }
  return config::kExitOk;
}

}  // namespace

}  // namespace furrow::engine

int main(int argc, char** argv) {
  return furrow::engine::run(argc, argv);
}
