#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/digest.h"
#include "common/base/ids.h"
#include "common/spec/grid.h"

namespace furrow::core {

/// A sweep that was understood and resolved: make_plan said yes.
struct SubmitCommand {
  std::string name;  ///< empty: the core names it "job-ID"
  std::string owner;
  std::int32_t priority = 0;  ///< higher first
  std::string client_token;  ///< a repeated submit with the same token is the same job; empty: none
  std::shared_ptr<const spec::Grid> grid;
  std::string spec;  ///< v1::JobSpec as submitted, serialized
};

/// A picture that a client sent for jobs to come, synced among the artifacts.
struct StoredInput {
  Digest input;
  std::uint64_t bytes = 0;
  bool was_there = false;  ///< as a file, before it was sent
};

/// Why a session ended.
enum class GoneReason {
  Silent,        ///< nothing heard for Settings::silent_after; the core finds this itself on a tick
  Disconnected,  ///< the transport says that the peer has left
  Malformed,     ///< it sent what cannot be read and was cut off
};

}  // namespace furrow::core
