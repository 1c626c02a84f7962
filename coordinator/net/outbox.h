#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "coordinator/core/effects.h"
#include "coordinator/store/store_thread.h"

namespace furrow::net {

/// Something to do once all that was decided before it is on disk.
struct CloseSession {
  SessionId session;
};

using Announcement = std::function<void()>;  ///< tells another thread; must not block
using Delivery = std::variant<core::ToSession, CloseSession, Announcement>;

/// What waits for the disk: nothing is told before it is committed.
///
/// A delivery without a commit of its own goes at once, unless an earlier one for the same session
/// still waits: then it waits as long, so a session hears everything in the order it was decided.
/// Pure; owned by the control thread.
class Outbox {
 public:
  /// Requires: `after`, the batch that has to be committed first (0: none), never falls.
  void add(core::ToSession message, store::Sequence after);
  void add(CloseSession close, store::Sequence after);
  void add(Announcement announcement, store::Sequence after);

  /// What may go, in order, now that everything up to `committed` is on disk.
  std::vector<Delivery> release(store::Sequence committed);

  bool empty() const { return waiting_.empty(); }

 private:
  /// `after`, or the batch that the session's latest delivery waits for.
  store::Sequence behind_earlier(SessionId session, store::Sequence after);

  std::map<store::Sequence, std::vector<Delivery>> waiting_;
  std::unordered_map<SessionId, store::Sequence> latest_;  // of sessions with something in waiting_
};

}  // namespace furrow::net
