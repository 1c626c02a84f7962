#include "worker/engine/session.h"

#include <optional>
#include <thread>
#include <utility>

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "common/base/mailbox.h"
#include "common/base/version.h"
#include "worker/channel/engine_channel.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine {

namespace {

/// Commands that were read and not yet looked at; when it is full the reader waits, and with it, by
/// the socket's buffer, the agent.
constexpr std::size_t kCommandsHeld = 256;

v1::FromEngine hello_of(const RendererOptions& options) {
  v1::FromEngine message;
  v1::EngineHello& hello = *message.mutable_hello();
  hello.set_protocol(worker::kEngineProtocol);
  hello.set_backend("libtorch");
  hello.set_version(fmt::format("furrow {}, {}", kVersion, libtorch_version()));
  hello.set_device(options.device.id());
  hello.set_device_name(options.device.name);
  hello.set_memory_bytes(options.device.memory_bytes);
  hello.set_max_batch(static_cast<std::uint32_t>(options.max_batch));
  for (const auto& row : diffusion::sampler_rows()) hello.add_samplers(std::string(row.name));
  for (const char* family : {"sd1", "sd2", "sdxl", "sdxl_refiner"}) hello.add_families(family);
  hello.set_precision(options.device.precision());
  return message;
}

/// Reads commands until the agent has gone. Writes `fault` before it closes the mailbox.
void read_commands(worker::EngineChannel& channel, Mailbox<v1::ToEngine>& commands, Error& fault) {
  while (true) {
    auto received = channel.receive<v1::ToEngine>();
    if (!received) fault = received.error();
    if (!received || !*received || !commands.put(std::move((*received)->message))) break;
  }
  commands.close();
}

class Session {
 public:
  Session(worker::EngineChannel& channel, const RendererOptions& options)
      : channel_(channel),
        renderer_(options, [this](v1::FromEngine message, std::string_view attachment) {
          tell(std::move(message), attachment);
        }) {}

  /// Until the mailbox closes, the agent says stop, or the socket fails.
  Result<void> run(Mailbox<v1::ToEngine>& commands) {
    while (!stopped_ && !failed_) {
      if (!renderer_.has_work() && !commands.wait()) break;
      for (v1::ToEngine& command : commands.take_all()) obey(std::move(command));
      if (commands.is_closed()) break;
      if (!stopped_ && renderer_.has_work()) renderer_.take_turn();
    }
    if (failed_) return Unexpected(*failed_);
    return {};
  }

  void tell(v1::FromEngine message, std::string_view attachment) {
    if (failed_) return;
    if (auto sent = channel_.send(std::move(message), attachment); !sent) failed_ = sent.error();
  }

 private:
  void obey(v1::ToEngine command) {
    switch (command.body_case()) {
      case v1::ToEngine::kRender:
        for (v1::RenderCell& cell : *command.mutable_render()->mutable_cells())
          renderer_.render(std::move(cell));
        return;
      case v1::ToEngine::kCancel:
        renderer_.cancel(command.cancel().token());
        return;
      case v1::ToEngine::kStop:
        stopped_ = true;
        return;
      case v1::ToEngine::BODY_NOT_SET:
        return;  // a command of a later version
    }
  }

  worker::EngineChannel& channel_;
  Renderer renderer_;
  std::optional<Error> failed_;  // the socket's fault; nothing is sent after it
  bool stopped_ = false;
};

}  // namespace

Result<void> run_session(FileDescriptor socket, const RendererOptions& options) {
  worker::EngineChannel channel(std::move(socket));
  FURROW_TRY_VOID(channel.send(hello_of(options)));

  Mailbox<v1::ToEngine> commands(kCommandsHeld);
  Error fault;
  std::jthread reader([&] { read_commands(channel, commands, fault); });
  Result<void> ended;
  {
    const c10::InferenceMode no_gradients;
    ended = Session(channel, options).run(commands);
  }
  commands.close();
  ::shutdown(channel.fd(), SHUT_RD);  // wakes the reader
  reader.join();
  if (ended && !fault.message.empty()) return Unexpected(fault);
  return ended;
}

}  // namespace furrow::engine
