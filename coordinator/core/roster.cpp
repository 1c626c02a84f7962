#include "coordinator/core/roster.h"

#include <utility>

#include "common/base/check.h"

namespace furrow::core {

Worker& Roster::enrol(std::string_view uuid) {
  const auto it = by_uuid_.find(std::string(uuid));
  if (it != by_uuid_.end()) return workers_.at(it->second);
  Worker worker;
  worker.key = WorkerKey{workers_.empty() ? 1 : workers_.rbegin()->first.value + 1};
  worker.uuid = uuid;
  return restore(std::move(worker));
}

Worker& Roster::restore(Worker worker) {
  by_uuid_[worker.uuid] = worker.key;
  const WorkerKey key = worker.key;
  return workers_.insert_or_assign(key, std::move(worker)).first->second;
}

const Worker* Roster::find_worker(WorkerKey key) const {
  const auto it = workers_.find(key);
  return it == workers_.end() ? nullptr : &it->second;
}

Session* Roster::find_session(SessionId id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : &it->second;
}

const Session* Roster::find_session(SessionId id) const {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : &it->second;
}

Session& Roster::open(SessionId id, Worker& worker) {
  FURROW_CHECK(!worker.session, "a worker has one session at a time");
  const auto [it, inserted] = sessions_.emplace(id, Session{});
  FURROW_CHECK(inserted, "session ids are never reused");
  it->second.id = id;
  it->second.worker = worker.key;
  worker.session = id;
  return it->second;
}

void Roster::close(SessionId id) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return;
  workers_.at(it->second.worker).session.reset();
  sessions_.erase(it);
}

}  // namespace furrow::core
