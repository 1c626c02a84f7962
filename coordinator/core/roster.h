#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/ids.h"
#include "coordinator/scheduler/fit.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::core {

/// A machine that said Hello once, connected or not. Known by the UUID on its disk; whoever lacks a
/// key that the coordinator trusts will be turned away before this (net/zap).
struct Worker {
  WorkerKey key;
  std::string uuid;
  std::string name;
  std::string version;
  v1::Capabilities capabilities;
  scheduler::Abilities abilities;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  UnixMillis last_seen;
  std::optional<SessionId> session;  ///< absent: not connected
};

/// What a session knows of a job, and we of the two together.
struct JobAtSession {
  bool plan_sent = false;
  std::vector<bool> fits;  ///< by lane: the worker can render its cells
};

/// One connection of one worker.
struct Session {
  SessionId id;
  WorkerKey worker;
  std::uint32_t credits = 0;  ///< leases it wants to hold at once
  std::uint32_t held = 0;     ///< leases it holds
  /// The most it may hold: credits, or what it already held when credits became fewer.
  std::uint32_t bound = 0;
  Instant last_heard;
  Instant last_moved;  ///< something of it rendered, stepped or was granted
  Digest resident;     ///< model of the newest lease
  std::unordered_map<JobId, JobAtSession> jobs;

  std::uint32_t free_credits() const { return credits > held ? credits - held : 0; }
};

/// Who works for the farm.
class Roster {
 public:
  /// The worker of this UUID, made if it is new.
  Worker& enrol(std::string_view uuid);
  Worker& restore(Worker worker);

  Worker& worker(WorkerKey key) { return workers_.at(key); }

  const Worker* find_worker(WorkerKey key) const;
  Session* find_session(SessionId id);
  const Session* find_session(SessionId id) const;

  /// Requires: neither the session nor another one of the worker is open.
  Session& open(SessionId id, Worker& worker);
  void close(SessionId id);

  const std::map<WorkerKey, Worker>& workers() const { return workers_; }

  std::map<SessionId, Session>& sessions() { return sessions_; }

  const std::map<SessionId, Session>& sessions() const { return sessions_; }

 private:
  std::map<WorkerKey, Worker> workers_;
  std::unordered_map<std::string, WorkerKey> by_uuid_;
  std::map<SessionId, Session> sessions_;
};

}  // namespace furrow::core
