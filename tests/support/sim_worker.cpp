#include "tests/support/sim_worker.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/spec/grid.h"
#include "common/spec/sampler_names.h"
#include "common/wire/socket.h"

namespace furrow::test {

namespace {

constexpr int kHeartbeatMs = 500;

/// "node1" as a UUID-shaped id that is always the same.
std::string id_of(const std::string& name) {
  const std::string hex = sha256(name).hex();
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-8" +
         hex.substr(17, 3) + "-" + hex.substr(20, 12);
}

/// The conversation of one worker; owned by its thread.
class Conversation {
 public:
  Conversation(zmq::context_t& context, const SimWorker::Options& options,
               std::atomic<std::uint64_t>& rendered)
      : dealer_(wire::Dealer::connect(context, options.endpoint, {}).value()),
        options_(options),
        rendered_(rendered) {}

  void run(const std::stop_token& stop) {
    wait_until_connected(stop);
    send(hello());
    Instant next_heartbeat = Now::read().instant;
    while (!stop.stop_requested()) {
      if (const auto incoming = dealer_.receive_within(kHeartbeatMs / 5)) {
        v1::ToWorker message;
        if (incoming->parse_into(message)) take(message);
      }
      if (const Instant now = Now::read().instant; now >= next_heartbeat) {
        v1::FromWorker heartbeat;
        heartbeat.mutable_heartbeat();
        send(std::move(heartbeat));
        next_heartbeat = now + std::chrono::milliseconds(kHeartbeatMs);
      }
    }
  }

 private:
  void wait_until_connected(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      zmq::pollitem_t item{dealer_.socket().handle(), 0, ZMQ_POLLOUT, 0};
      if (zmq::poll(&item, 1, std::chrono::milliseconds(kHeartbeatMs)) > 0) return;
    }
  }

  v1::FromWorker hello() const {
    v1::FromWorker message;
    auto& hello = *message.mutable_hello();
    hello.set_protocol_min(wire::kProtocol);
    hello.set_protocol_max(wire::kProtocol);
    hello.set_worker(id_of(options_.name));
    hello.set_name(options_.name);
    hello.set_version("sim");
    hello.set_credits(options_.credits);
    *hello.add_models() = options_.model;
    auto& device = *hello.add_devices();
    device.set_device("cpu");
    device.set_name("simulated");
    device.set_memory_bytes(std::uint64_t{16} << 30);
    device.set_max_batch(options_.batch);
    device.set_backend("sim");
    device.set_precision("fp32");
    device.add_families(options_.model.family());
    for (const auto& sampler : spec::samplers()) device.add_samplers(std::string(sampler.name));
    return message;
  }

  void take(const v1::ToWorker& message) {
    if (message.has_welcome()) epoch_ = message.epoch();
    if (message.has_plan()) {
      grids_[message.plan().job()] = std::make_unique<spec::Grid>(message.plan().plan());
    }
    if (message.has_offer()) render(message.offer());
  }

  void render(const v1::LeaseOffer& offer) {
    const auto grid = grids_.find(offer.job());
    if (grid == grids_.end()) return;
    v1::FromWorker message;
    for (int i = 0; i < offer.cells_size(); ++i) {
      auto& cell = *message.mutable_rendered()->add_cells();
      cell.mutable_token()->set_job(offer.job());
      cell.mutable_token()->set_cell(offer.cells(i));
      cell.mutable_token()->set_attempt(offer.attempts(i));
      cell.mutable_token()->set_epoch(epoch_);
      cell.set_recipe_hash(grid->second->recipe_hash(offer.cells(i)).raw());
      cell.set_device("cpu");
    }
    send(std::move(message));
    rendered_ += static_cast<std::uint64_t>(offer.cells_size());
  }

  void send(v1::FromWorker message) {
    message.set_version(wire::kProtocol);
    message.set_epoch(epoch_);
    while (dealer_.send(message) == wire::Sent::Full) {
      zmq::pollitem_t item{dealer_.socket().handle(), 0, ZMQ_POLLOUT, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(kHeartbeatMs));
    }
  }

  wire::Dealer dealer_;
  const SimWorker::Options& options_;
  std::atomic<std::uint64_t>& rendered_;
  std::uint64_t epoch_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<spec::Grid>> grids_;
};

}  // namespace

SimWorker::SimWorker(zmq::context_t& context, Options options)
    : thread_([this, &context, own = std::move(options)](const std::stop_token& stop) {
        Conversation(context, own, rendered_).run(stop);
      }) {}

v1::ModelOnDisk a_sim_model(const std::string& name) {
  v1::ModelOnDisk model;
  model.mutable_model()->set_name(name);
  model.mutable_model()->set_hash(sha256(name).raw());
  model.set_family("sd1");
  model.set_vae_factor(8);
  model.set_default_size(512);
  return model;
}

}  // namespace furrow::test
