#include "coordinator/app.h"

#include <string>
#include <system_error>
#include <utility>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "coordinator/core/core.h"
#include "coordinator/store/database.h"
#include "coordinator/store/reader.h"

namespace furrow {

namespace fs = std::filesystem;

namespace {

constexpr int kIoThreads = 2;

Result<void> make_data_folder(const fs::path& data) {
  std::error_code failed;
  fs::create_directories(data, failed);
  if (!failed) return {};
  return fail(ErrorKind::Io, "cannot make the data folder " + data.string() + ": " +
                                 failed.message() + ". Choose another with --data");
}

/// The database, or a sentence that says who has it.
Result<store::Database> open_database(const fs::path& data) {
  auto database = store::Database::open(data);
  if (database || database.error().kind != ErrorKind::Conflict) return database;
  std::string who;
  if (const auto running = config::read_endpoints(data)) {
    who = " (pid " + std::to_string(running->pid) + ", clients at " + running->client + ")";
  }
  return fail(ErrorKind::Conflict, "a coordinator already runs on " + data.string() + who +
                                       ". Use that one, stop it, or choose another data folder "
                                       "with --data");
}

/// The address of a port that was bound, as programs on this machine dial it.
std::string dialled_locally(std::string endpoint) {
  constexpr std::string_view kEverywhere = "tcp://0.0.0.0:";
  if (endpoint.starts_with(kEverywhere)) {
    endpoint.replace(0, kEverywhere.size(), "tcp://127.0.0.1:");
  }
  return endpoint;
}

std::string port_of(const std::string& endpoint) {
  return endpoint.substr(endpoint.rfind(':') + 1);
}

Result<wire::Router> bind_port(zmq::context_t& context, const std::string& listen, int port,
                               const wire::SocketOptions& options) {
  auto router =
      wire::Router::bind(context, "tcp://" + listen + ":" + std::to_string(port), options);
  if (router) return router;
  if (router.error().kind == ErrorKind::Conflict) {
    return fail(ErrorKind::Conflict,
                "port " + std::to_string(port) + " of " + listen +
                    " is in use. Stop the program that uses it, or choose others: "
                    "furrow-coordinator --port N (three in a row; 0: any free ones)");
  }
  return fail(router.error().kind, router.error().message + ". Check --listen and --port");
}

/// A file can go while nobody looks: a crash in the middle of a sweep, a disk that was cleaned up.
Result<void> drop_lost_inputs(std::vector<core::RestoredInput>& inputs,
                              const artifacts::ArtifactStore& artifacts,
                              store::Database& database) {
  std::vector<core::StoreOp> ops;
  std::erase_if(inputs, [&](const core::RestoredInput& input) {
    const bool is_lost = !artifacts.contains(input.input);
    if (is_lost) {
      spdlog::warn("picture for jobs is not on the disk any more digest={}", input.input.hex());
      ops.emplace_back(core::DropInput{input.input});
    }
    return is_lost;
  });
  return ops.empty() ? Result<void>() : database.commit(ops);
}

}  // namespace

/// The three ports, bound.
struct App::Ports {
  wire::Router client;
  wire::Router worker;
  wire::Router blob;

  config::Endpoints endpoints() const {
    return {dialled_locally(client.endpoint()), dialled_locally(worker.endpoint()),
            dialled_locally(blob.endpoint()), static_cast<int>(::getpid())};
  }

  /// Workers find the host by themselves: it is the one they dialled.
  std::string blob_endpoint() const { return "tcp://*:" + port_of(blob.endpoint()); }
};

/// What can fail, done: from here on nothing does.
struct App::Parts {
  std::unique_ptr<zmq::context_t> context;
  Ports ports;
  std::unique_ptr<artifacts::ArtifactStore> artifacts;
  store::Database database;
  store::Reader reader;
  core::Restored restored;
  std::shared_future<model::ModelIndex> own_models;
};

// Ports are bound here, so that one in use is an error of start(). Each socket then moves to the
// thread that runs its loop; starting a thread orders what went before it.
Result<App::Ports> App::bind(zmq::context_t& context, const CoordinatorOptions& options) {
  const auto port = [&](int offset) { return options.port == 0 ? 0 : options.port + offset; };
  FURROW_TRY(auto client, bind_port(context, options.listen, port(0), {}));
  FURROW_TRY(auto worker, bind_port(context, options.listen, port(1), {}));
  FURROW_TRY(auto blob,
             bind_port(context, options.listen, port(2), net::BlobLoop::socket_options()));
  return Ports{std::move(client), std::move(worker), std::move(blob)};
}

Result<std::unique_ptr<App>> App::start(const CoordinatorOptions& options,
                                        std::shared_future<model::ModelIndex> own_models) {
  FURROW_TRY_VOID(make_data_folder(options.data));
  // The database comes first because it holds the lock of the data folder; its epoch is raised
  // only when the ports are ours.
  FURROW_TRY(auto database, open_database(options.data));
  auto context = std::make_unique<zmq::context_t>(kIoThreads);
  FURROW_TRY(auto ports, bind(*context, options));
  FURROW_TRY(auto artifacts, artifacts::FolderStore::open(options.data / "artifacts"));
  if (artifacts->swept() > 0) {
    spdlog::info("interrupted uploads swept files={}", artifacts->swept());
  }
  FURROW_TRY(auto restored, database.load());
  FURROW_TRY_VOID(drop_lost_inputs(restored.inputs, *artifacts, database));
  FURROW_TRY(auto reader, store::Reader::open(options.data));
  Parts parts{std::move(context), std::move(ports),    std::move(artifacts), std::move(database),
              std::move(reader),  std::move(restored), std::move(own_models)};
  const auto epoch = parts.restored.epoch;
  const auto jobs = parts.restored.jobs.size();
  std::unique_ptr<App> app(new App(options, std::move(parts)));
  FURROW_TRY_VOID(config::write_endpoints(options.data, app->endpoints()));
  spdlog::info("coordinator listens clients={} workers={} blobs={} data={} epoch={} jobs={}",
               app->endpoints_.client, app->endpoints_.worker, app->endpoints_.blob,
               options.data.string(), epoch.value, jobs);
  return app;
}

App::App(const CoordinatorOptions& options, Parts parts)
    : data_(options.data),
      endpoints_(parts.ports.endpoints()),
      context_(std::move(parts.context)),
      artifacts_(std::move(parts.artifacts)),
      input_ledger_(calls_),
      store_(std::make_unique<store::StoreThread>(std::move(parts.database))),
      client_desk_(calls_, std::move(parts.reader),
                   {data_, parts.ports.blob_endpoint(), Now::read().instant},
                   std::move(parts.own_models), traffic_),
      control_loop_(std::move(parts.ports.worker),
                    core::Core({.blob_endpoint = parts.ports.blob_endpoint()},
                               std::move(parts.restored), Now::read()),
                    *store_, calls_, traffic_),
      blob_loop_(std::move(parts.ports.blob), *artifacts_, input_ledger_, traffic_),
      client_loop_(std::move(parts.ports.client), client_desk_, traffic_),
      control_thread_([this](const std::stop_token& stop) { control_loop_.run(stop); }),
      blob_thread_([this](const std::stop_token& stop) { blob_loop_.run(stop); }),
      client_thread_([this](const std::stop_token& stop) { client_loop_.run(stop); }) {}

App::~App() {
  std::error_code ignored;
  fs::remove(data_ / "coordinator.json", ignored);
  // Callers stop before those they call; the members would go in this order too, but a jthread that
  // is joined late would find its callees gone.
  for (std::jthread* thread : {&client_thread_, &blob_thread_, &control_thread_}) {
    thread->request_stop();
    thread->join();
  }
  spdlog::info("coordinator stopped");
}

}  // namespace furrow
