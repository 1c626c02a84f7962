#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/ids.h"
#include "common/spec/grid.h"
#include "coordinator/core/counts.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::core {

/// A cell that has a row: it was leased, finished or cancelled once.
struct TouchedCell {
  CellIndex cell;
  v1::CellState state = v1::CELL_STATE_UNSPECIFIED;
  std::uint32_t attempt = 0;  ///< of the newest try
  WorkerKey worker;           ///< of the newest try
};

/// A charged failed try of a cell that may still be tried.
struct ChargedAttempt {
  CellIndex cell;
  std::uint32_t attempt = 0;
  WorkerKey worker;
  v1::FailureClass failure_class = v1::FAILURE_CLASS_UNSPECIFIED;
};

/// What the core needs to know of the cells of one job.
struct RestoredCells {
  std::shared_ptr<const spec::Grid> grid;
  std::vector<TouchedCell> cells;        ///< by index
  std::vector<ChargedAttempt> attempts;  ///< by index
};

struct RestoredJob {
  JobId id;
  std::string name;
  std::string owner;
  std::int32_t priority = 0;
  std::string client_token;
  UnixMillis created_at;
  UnixMillis finished_at;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  Counts counts;
  double render_seconds = 0;
  RestoredCells cells;  ///< empty, without a grid, when the job is terminal
};

struct RestoredWorker {
  WorkerKey key;
  std::string uuid;
  std::string name;
  std::string version;
  v1::Capabilities capabilities;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  UnixMillis last_seen;
};

/// A picture that exists, for the index of what need not be rendered again.
struct RestoredRender {
  std::array<std::uint8_t, 16> hash_prefix{};  ///< of the recipe hash
  CellKey cell;
};

/// A picture for jobs whose file is on disk.
struct RestoredInput {
  Digest input;
  std::uint64_t bytes = 0;
  UnixMillis stored_at;
  bool is_artifact = false;
};

/// All that a coordinator takes over from its last life. `epoch` is the new life's: already raised
/// and committed.
struct Restored {
  Epoch epoch;
  std::vector<RestoredJob> jobs{};  ///< by id
  std::vector<RestoredWorker> workers{};
  std::vector<v1::ModelOnDisk> models{};
  std::vector<RestoredRender> renders{};
  std::vector<RestoredInput> inputs{};
  std::vector<Digest> named_inputs{};  ///< by any job
};

}  // namespace furrow::core
