#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "common/base/digest.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"

/// What the session wants done. The agent's loop does it, in order.
namespace furrow::worker {

/// An engine by the place of its device in the agent's list of devices.
using EngineIndex = std::size_t;

/// Make a new control connection; whatever waited to be sent on the old one is dropped.
struct Connect {
  std::string reason;
};

/// Make a new blob connection, to the endpoint as the coordinator told it.
struct ConnectBlobs {
  std::string endpoint;
};

struct SendToCoordinator {
  v1::FromWorker message;
};

struct SendToEngine {
  EngineIndex engine = 0;
  v1::ToEngine message;
};

/// Answered by an EngineHello or, when it cannot even be started, by its exit.
struct StartEngine {
  EngineIndex engine = 0;
};

/// Answered by its exit.
struct KillEngine {
  EngineIndex engine = 0;
  std::string reason;
};

/// Keep a finished picture on disk. Answered by on_spooled or on_spool_failed.
struct Spool {
  v1::RenderedCell cell;
  std::string picture;
};

struct DeleteSpooled {
  v1::Token token;
};

/// Send a spooled picture to the coordinator, from its first byte on. Answered by on_blob_stored or
/// on_blob_refused, or by nothing when the connection breaks.
struct Upload {
  v1::Token token;
  Digest digest;
};

/// Get a picture that cells begin with into the cache folder. Answered by on_input_fetched,
/// on_input_missing or on_input_failed.
struct FetchInput {
  Digest digest;
};

/// Nobody waits for it any more. Answered by nothing.
struct StopFetching {
  Digest digest;
};

/// Take a picture out of the cache folder.
struct DeleteInput {
  Digest digest;
};

/// Everything that has to be said is said: end the agent.
struct Finish {};

using Effect =
    std::variant<Connect, ConnectBlobs, SendToCoordinator, SendToEngine, StartEngine, KillEngine,
                 Spool, DeleteSpooled, Upload, FetchInput, StopFetching, DeleteInput, Finish>;
using Effects = std::vector<Effect>;

}  // namespace furrow::worker
