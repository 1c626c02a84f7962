#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "coordinator/core/effects.h"
#include "coordinator/core/state.h"

namespace furrow::core {

/// What came of a try that has no picture.
struct FailedTry {
  v1::FailureClass failure_class = v1::FAILURE_CLASS_UNSPECIFIED;
  std::string detail;
  std::string log_tail;
  bool shared = false;  ///< others were under way in the same engine
};

/// One step of the core under way: the state, the time, and the effects gathered so far. The moves
/// that several events share are its methods; each changes memory and writes the same change down
/// as a store op, so that the two cannot drift apart.
class Step {
 public:
  State& state;
  const Now now;
  Effects effects;

  Step(State& core_state, Now step_now) : state(core_state), now(step_now) {}

  /// Serves the sessions that can take more, writes what was touched, and hands out the effects.
  Effects finish();

  // Messages.

  v1::ToWorker& send(SessionId session);
  v1::Token token(CellKey cell, std::uint32_t attempt) const;
  /// Tells a session to stop an attempt. Revocations of one session go out as one message.
  void revoke(SessionId session, CellKey cell, std::uint32_t attempt, std::string_view reason);

  // What finish() writes.

  void touch(const Job& job) { touched_jobs_.insert(job.facts.id); }

  void touch(const Worker& worker) { touched_workers_.insert(worker.key); }

  /// Workers came, went or learned something: what live jobs wait for may read otherwise.
  void touch_views_of_live_jobs();
  void note(std::string_view kind, JobId job, WorkerKey worker, std::string text);

  // Moves.

  /// The session can take more: it is served at the end of the step.
  void serve(const Session& session) { freed_.insert(session.id); }

  /// A cell is due: every session that waits for work is served at the end of the step.
  void make_ready(Job& job, CellIndex cell);
  void expect_work(const Job& job);

  /// A lease begins. The caller writes LeaseCells and sends the offer.
  Lease& grant(Job& job, CellIndex cell, Session& session, const Digest& recipe_hash);
  /// The cell has its picture. Cells of the same recipe that waited for it become cached.
  void complete(Job& job, CellIndex cell, const v1::RenderedCell& rendered, Worker& worker,
                const Digest& recipe_hash);
  void cache(Job& job, CellIndex cell, const Digest& recipe_hash, CellKey source);
  /// The leased attempt came to nothing; policy decides whether the cell is tried again.
  void fail_attempt(Job& job, CellIndex cell, FailedTry failed);
  /// The worker went away with the lease. Only a death while rendering counts against the cell.
  void lose(Job& job, CellIndex cell, bool blame, std::string detail);
  /// Takes the lease out of the table and gives the session its credit back. Cells that waited for
  /// it are due again. The cell itself is left for the caller to move.
  Lease end_lease(Job& job, CellIndex cell);
  /// Leases of a session that ended wait for the worker to come back.
  void orphan_leases(SessionId session, Instant grace_until);

 private:
  void requeue(Job& job, CellIndex cell, const Lease& lease, const Verdict& verdict);
  void fail_cell(Job& job, CellIndex cell, std::string error);
  void release_followers(CellKey leader);
  void cache_followers(CellKey leader, const Digest& recipe_hash);
  void record(Job& job, CellIndex cell, const Lease& lease, FailedTry failed, bool charged);
  void save_job(Job& job);
  void keep_as_artifact(const Digest& artifact);

  std::set<JobId> touched_jobs_;
  std::set<WorkerKey> touched_workers_;
  std::set<SessionId> freed_;                     // sessions that can take more
  std::map<SessionId, std::size_t> revocations_;  // place in effects.send
  bool work_arrived_ = false;
};

// Dispatch (dispatch.cpp).

/// Leases cells to the session until its credits are used or nothing fits.
void fill(Step& step, Session& session);
/// The worker says that it cannot render cells like this one: while another connected one can, it
/// gets no more of them.
void turn_away(Step& step, Session& session, Job& job, CellIndex cell);
/// The same for every session that waits for work.
void fill_hungry(Step& step);

}  // namespace furrow::core
