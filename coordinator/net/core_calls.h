#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <type_traits>
#include <utility>

#include "common/base/check.h"
#include "common/base/clock.h"
#include "common/base/mailbox.h"
#include "coordinator/core/core.h"

namespace furrow::net {

/// A function for the control thread to run on the core between two events.
struct CoreCall {
  std::function<core::Effects(core::Core&, Now)> run;
  /// Called by the control thread when all that was decided up to then is on disk, or right after
  /// `run`.
  std::function<void()> done;
  bool waits_for_disk = false;
};

/// How other threads reach the core: they mail a function, the control thread runs it and answers.
/// The caller waits, so the function may refer to the caller's variables. Any thread may call.
/// Requires: the control thread runs (App stops the callers before it).
class CoreCalls {
 public:
  /// Calls that may wait; a caller who finds no room waits for some.
  static constexpr std::size_t kMaxWaiting = 256;

  /// `question(const core::Core&, Now)` as of now: may be ahead of the disk by a commit. For
  /// what people only look at.
  template <typename Question>
  auto peek(Question question) {
    return call([&](core::Core& core, Now now, core::Effects&) { return question(core, now); },
                false);
  }

  /// The same, told only when all that it rests on is on disk.
  template <typename Question>
  auto ask(Question question) {
    return call([&](core::Core& core, Now now, core::Effects&) { return question(core, now); },
                true);
  }

  /// `decide(core::Core&, Now, core::Effects&)` changes the core and leaves its effects in the last
  /// argument. Its answer is told when they are on disk.
  template <typename Decision>
  auto change(Decision decide) {
    return call(decide, true);
  }

  /// Of the control thread.
  Mailbox<CoreCall>& mailbox() { return mailbox_; }

 private:
  template <typename Function>
  auto call(Function function, bool waits_for_disk) {
    using Answer = std::invoke_result_t<Function, core::Core&, Now, core::Effects&>;
    std::optional<Answer> answer;
    std::promise<void> done;
    const auto run = [&](core::Core& core, Now now) {
      core::Effects effects;
      answer.emplace(function(core, now, effects));
      return effects;
    };
    const bool is_mailed = mailbox_.put({run, [&] { done.set_value(); }, waits_for_disk});
    FURROW_CHECK(is_mailed, "the control thread stops after all who call it");
    done.get_future().wait();
    return *std::move(answer);
  }

  Mailbox<CoreCall> mailbox_{kMaxWaiting};
};

}  // namespace furrow::net
