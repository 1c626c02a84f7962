// A session against a coordinator, engines and a network that do whatever they please, from a seed.

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "tests/worker/session_bench.h"

namespace furrow::worker {
namespace {

constexpr int kSeeds = 60;
constexpr int kSteps = 1500;
constexpr std::size_t kEngines = 2;

/// All cells begin with one picture.
const Digest kInput = sha256("cat.png");
constexpr std::uint64_t kInputBytes = 1000;

v1::PlanDefinition a_plan() {
  auto definition = SessionBench::a_plan();
  auto& start = *definition.mutable_plan()->mutable_base()->mutable_image_to_image();
  start.mutable_picture()->set_name("cat.png");
  start.mutable_picture()->set_hash(kInput.raw());
  return definition;
}

/// The cache folder is too small for the picture, so it goes whenever no cell uses it.
SessionOptions options() {
  auto options = SessionBench::options({"cuda:0", "cuda:1"});
  options.input_bytes = kInputBytes / 2;
  return options;
}

/// Plays everything around one session and holds it to its promises after every effect.
class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed), session_(options(), {}) {
    session_.on_started(now_);
    perform_all();
  }

  void run() {
    for (int step = 0; step < kSteps; ++step) {
      now_ += std::chrono::milliseconds(random_() % 200);
      act();
      perform_all();
      check();
    }
  }

  /// The faults end; everything that was begun has to come to its end.
  void settle() {
    is_calm_ = true;
    for (int step = 0; step < 3000 && !is_settled(); ++step) {
      now_ += 100ms;
      session_.on_tick(now_, 0);
      deliver_all();
      for (EngineIndex engine = 0; engine < kEngines; ++engine) run_engine(engine);
      perform_all();
      check();
    }
    EXPECT_EQ(session_.attempts().size(), 0u) << "an attempt never ended";
    EXPECT_TRUE(spool_.empty()) << "a picture was never delivered";
    EXPECT_TRUE(leases_.empty()) << "a lease was never answered";
  }

 private:
  struct Engine {
    bool is_running = false;
    bool said_hello = false;
    std::map<AttemptKey, v1::RenderCell> cells;
  };

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  bool is_settled() const {
    return session_.attempts().size() == 0 && spool_.empty() && leases_.empty();
  }

  void act() {
    switch (random_() % 9) {
      case 0:
        return session_.on_tick(now_, 0);
      case 1:
        return lease_some();
      case 2:
        return chance(20) ? revoke_one() : deliver_to_session();
      case 3:
        return deliver_to_coordinator();
      case 4:
        return deliver_to_session();
      case 5:
      case 6:
        return run_engine(random_() % kEngines);
      case 7:
        return answer_fetch();
      default:
        return chance(5) ? restart_coordinator() : answer_uploads();
    }
  }

  void deliver_all() {
    while (!to_coordinator_.empty()) deliver_to_coordinator();
    while (!to_session_.empty()) deliver_to_session();
    answer_uploads();
    answer_fetch();
  }

  // The network: drops, repeats and reorders, unless calm.

  void deliver_to_session() {
    if (to_session_.empty()) return;
    const auto at = is_calm_ ? 0 : static_cast<long>(random_() % to_session_.size());
    const auto message = to_session_[static_cast<std::size_t>(at)];
    to_session_.erase(to_session_.begin() + at);
    const bool is_lost = !is_calm_ && chance(5);
    // An offer that overtakes the welcome finds nobody either.
    if (is_lost || !session_.is_welcome()) take_back(message);
    if (is_lost) return;
    session_.on_message(message, now_);
    if (!is_calm_ && chance(10)) session_.on_message(message, now_);
    if (!is_calm_ && chance(10) && !message.has_offer()) to_session_.push_back(message);
  }

  /// What is lost with an offer: its leases, which the coordinator takes back when their time is
  /// up.
  void take_back(const v1::ToWorker& message) {
    for (int i = 0; i < message.offer().cells_size(); ++i) {
      leases_.erase({message.offer().job(), message.offer().cells(i), message.offer().attempts(i)});
    }
  }

  void deliver_to_coordinator() {
    if (to_coordinator_.empty()) return;
    const auto at = is_calm_ ? 0 : static_cast<long>(random_() % to_coordinator_.size());
    const auto message = to_coordinator_[static_cast<std::size_t>(at)];
    to_coordinator_.erase(to_coordinator_.begin() + at);
    const bool is_failure = message.has_failed();  // carried by TCP, and never sent twice
    if (!is_calm_ && !is_failure && chance(5)) return;
    coordinate(message);
    if (!is_calm_ && chance(10)) coordinate(message);
  }

  // The coordinator.

  void coordinate(const v1::FromWorker& message) {
    if (message.has_hello()) return welcome(message.hello());
    if (!is_open_) return;
    if (message.has_capabilities()) credits_ = message.capabilities().credits();
    if (message.has_failed()) leases_.erase(key_of(message.failed().token()));
    if (message.has_heartbeat()) reply().mutable_heartbeat();
    if (message.has_plan_request()) *reply().mutable_plan() = a_plan();
    if (!message.has_rendered()) return;
    auto& acknowledged = *reply().mutable_acknowledged();
    for (const auto& cell : message.rendered().cells()) {
      EXPECT_TRUE(cell.artifact().empty() || stored_.contains(cell.artifact()))
          << "a result was reported before its picture was stored";
      *acknowledged.add_tokens() = cell.token();
      acknowledged.add_outcomes(v1::RESULT_OUTCOME_ACCEPTED);
      leases_.erase(key_of(cell.token()));
      released_.insert(key_of(cell.token()));
    }
  }

  v1::ToWorker& reply() {
    v1::ToWorker message;
    message.set_version(1);
    message.set_epoch(epoch_);
    return to_session_.emplace_back(std::move(message));
  }

  void welcome(const v1::Hello& hello) {
    is_open_ = true;
    credits_ = hello.credits();
    auto& welcome = *reply().mutable_welcome();
    welcome.set_epoch(epoch_);
    std::set<AttemptKey> returned;
    for (const auto& held : hello.held()) {
      auto token = held.token();
      returned.insert(key_of(token));
      if (leases_.contains(key_of(token))) {
        token.set_epoch(epoch_);
        *welcome.add_adopted() = token;
      } else {
        *welcome.add_dropped() = token;
        released_.insert(key_of(token));
      }
    }
    std::erase_if(leases_, [&](const AttemptKey& key) { return !returned.contains(key); });
  }

  void lease_some() {
    if (!is_open_ || is_calm_) return;
    if (chance(50)) *reply().mutable_plan() = a_plan();
    auto& offer = *reply().mutable_offer();
    offer.set_job(kJob);
    for (auto room = random_() % 4; room > 0 && leases_.size() < credits_; --room) {
      offer.add_cells(next_cell_);
      offer.add_attempts(1);
      leases_.insert({kJob, next_cell_++, 1});
    }
  }

  void revoke_one() {
    if (!is_open_ || leases_.empty()) return;
    auto lease = leases_.begin();
    std::advance(lease, static_cast<long>(random_() % leases_.size()));
    auto& token = *reply().mutable_revoked()->add_tokens();
    token.set_job(lease->job);
    token.set_cell(lease->cell);
    token.set_attempt(lease->attempt);
    revoked_.insert(*lease);
    leases_.erase(lease);
  }

  void restart_coordinator() {
    ++epoch_;
    is_open_ = false;
    to_session_.clear();
    to_coordinator_.clear();
    uploads_.clear();
  }

  void answer_uploads() {
    for (const auto& digest : std::exchange(uploads_, {})) {
      if (!is_calm_ && chance(20)) continue;
      if (!is_calm_ && chance(20)) {
        session_.on_blob_refused(digest, now_);
        continue;
      }
      stored_.insert(digest.raw());
      session_.on_blob_stored(digest, now_);
    }
  }

  void answer_fetch() {
    if (!is_fetching_) return;
    is_fetching_ = false;
    if (is_calm_ || chance(70)) {
      is_cached_ = true;
      return session_.on_input_fetched(kInput, "/inputs/cat.png", kInputBytes);
    }
    chance(50) ? session_.on_input_missing(kInput) : session_.on_input_failed(kInput, "no line");
  }

  // The engines.

  void run_engine(EngineIndex index) {
    auto& engine = engines_[index];
    if (!engine.is_running) return;
    if (!engine.said_hello) return is_calm_ || chance(80) ? say_hello(index) : end_engine(index);
    if (!is_calm_ && chance(5)) return end_engine(index);
    if (engine.cells.empty()) return;
    auto cell = engine.cells.begin();
    std::advance(cell, static_cast<long>(random_() % engine.cells.size()));
    if (chance(50)) return say_progress(index, cell->second.token());
    const auto token = cell->second.token();
    engine.cells.erase(cell);
    if (chance(15)) return say_failed(index, token, v1::FAILURE_CLASS_NAN);
    v1::EngineRendered rendered;
    *rendered.mutable_token() = token;
    rendered.set_recipe_hash(sha256("recipe").raw());
    rendered.mutable_timing()->set_total(0.5);
    const std::string picture = chance(80) ? "picture " + std::to_string(token.cell() % 50) : "";
    session_.on_engine_rendered(index, rendered, picture, now_);
    if (!is_calm_ && chance(10)) session_.on_engine_rendered(index, rendered, picture, now_);
  }

  void say_hello(EngineIndex index) {
    engines_[index].said_hello = true;
    v1::EngineHello hello;
    hello.set_protocol(kEngineProtocol);
    hello.set_max_batch(3);
    session_.on_engine_hello(index, hello, now_);
  }

  void say_progress(EngineIndex index, const v1::Token& token) {
    v1::EngineProgress progress;
    *progress.mutable_token() = token;
    progress.set_phase(v1::PHASE_DENOISING);
    progress.set_step(1 + static_cast<std::uint32_t>(random_() % 20));
    progress.set_steps(20);
    session_.on_engine_progress(index, progress, now_);
  }

  void say_failed(EngineIndex index, const v1::Token& token, v1::FailureClass failure) {
    v1::EngineFailed failed;
    *failed.mutable_token() = token;
    failed.set_class_(failure);
    session_.on_engine_failed(index, failed, "", now_);
  }

  void end_engine(EngineIndex index) {
    engines_[index] = {};
    session_.on_engine_exited(index, {"was killed by signal 11 (Segmentation fault)"}, "", now_);
  }

  // Effects.

  void perform_all() {
    for (auto effects = session_.take_effects(now_); !effects.empty();
         effects = session_.take_effects(now_)) {
      for (auto& effect : effects) {
        std::visit([this](auto& one) { perform(one); }, effect);
      }
    }
  }

  void perform(const Connect&) {
    is_open_ = false;
    to_session_.clear();
    to_coordinator_.clear();
    uploads_.clear();
    failed_here_.clear();
  }

  void perform(const ConnectBlobs&) { uploads_.clear(); }

  void perform(SendToCoordinator& send) {
    if (send.message.has_failed()) {
      const auto key = key_of(send.message.failed().token());
      EXPECT_TRUE(failed_here_.insert(key).second) << "a failure was reported twice";
      EXPECT_FALSE(spool_.contains(key)) << "a failure was reported of a finished picture";
    }
    to_coordinator_.push_back(std::move(send.message));
  }

  void perform(const SendToEngine& send) {
    auto& engine = engines_[send.engine];
    EXPECT_TRUE(engine.said_hello) << "an engine that is not ready was spoken to";
    for (const auto& cell : send.message.render().cells()) {
      const bool is_new = engine.cells.emplace(key_of(cell.token()), cell).second;
      EXPECT_TRUE(is_new) << "a cell was given twice";
      EXPECT_TRUE(is_cached_) << "a cell was given before its picture was here";
      EXPECT_EQ(cell.files_size(), 1);
    }
    if (!send.message.has_cancel()) return;
    const auto& token = send.message.cancel().token();
    if (engine.cells.erase(key_of(token)) > 0) {
      say_failed(send.engine, token, v1::FAILURE_CLASS_CANCELLED);
    }
  }

  void perform(const StartEngine& start) {
    EXPECT_FALSE(engines_[start.engine].is_running) << "an engine was started twice";
    engines_[start.engine].is_running = true;
  }

  void perform(const KillEngine& kill) {
    if (engines_[kill.engine].is_running) end_engine(kill.engine);
  }

  void perform(const Spool& spool) {
    spool_.insert(key_of(spool.cell.token()));
    session_.on_spooled(spool.cell.token(), now_);
  }

  void perform(const DeleteSpooled& deleted) {
    const auto key = key_of(deleted.token);
    EXPECT_TRUE(released_.contains(key)) << "a picture was forgotten before its acknowledgement";
    spool_.erase(key);
  }

  void perform(const Upload& upload) {
    EXPECT_TRUE(spool_.contains(key_of(upload.token))) << "there is no such picture";
    uploads_.push_back(upload.digest);
  }

  void perform(const FetchInput& fetch) {
    EXPECT_EQ(fetch.digest, kInput);
    EXPECT_FALSE(is_fetching_) << "a picture was asked for twice";
    EXPECT_FALSE(is_cached_) << "a picture was asked for that is here";
    is_fetching_ = true;
  }

  void perform(const StopFetching&) {
    EXPECT_TRUE(is_fetching_) << "nothing was on its way";
    is_fetching_ = false;
  }

  void perform(const DeleteInput&) {
    EXPECT_TRUE(is_cached_) << "there is no such picture";
    for (const auto& engine : engines_) {
      EXPECT_TRUE(engine.cells.empty()) << "a picture was deleted that a cell uses";
    }
    is_cached_ = false;
  }

  void perform(const Finish&) { ADD_FAILURE() << "nobody asked it to end"; }

  void check() {
    std::size_t unfinished = 0;
    for (const auto& [key, attempt] : session_.attempts()) {
      const bool is_over = attempt.state == AttemptState::Finished ||
                           attempt.state == AttemptState::Abandoned ||
                           attempt.state == AttemptState::Failed || revoked_.contains(key);
      unfinished += is_over ? 0 : 1;
      const bool is_with_engine = attempt.engine.has_value();
      EXPECT_TRUE(!is_with_engine || engines_[*attempt.engine].said_hello);
    }
    most_credits_ = std::max<std::size_t>(most_credits_, session_.credits());
    EXPECT_LE(unfinished, most_credits_) << "more is held than there were credits for";
    for (const auto& key : spool_) {
      const auto& attempts = session_.attempts();
      EXPECT_TRUE(std::any_of(attempts.begin(), attempts.end(), [&key](const auto& entry) {
        return entry.first == key;
      })) << "a spooled picture is not known any more";
    }
  }

  std::mt19937 random_;
  Session session_;
  Instant now_ = Instant{} + 1h;
  bool is_calm_ = false;

  std::deque<v1::ToWorker> to_session_;
  std::deque<v1::FromWorker> to_coordinator_;
  std::vector<Digest> uploads_;
  bool is_fetching_ = false;
  bool is_cached_ = false;

  std::uint64_t epoch_ = 1;
  bool is_open_ = false;
  std::uint32_t credits_ = 0;
  std::uint64_t next_cell_ = 0;
  std::set<AttemptKey> leases_;  // given and neither answered nor taken back
  std::set<AttemptKey> revoked_;
  std::set<AttemptKey> released_;  // acknowledged or dropped: may be forgotten
  std::set<std::string> stored_;   // pictures by their digest

  std::array<Engine, kEngines> engines_;
  std::set<AttemptKey> spool_;
  std::set<AttemptKey> failed_here_;  // reported on this connection
  std::size_t most_credits_ = 0;
};

TEST(SessionUnderChaos, KeepsItsPromises) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Chaos chaos(seed);
    chaos.run();
    chaos.settle();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace furrow::worker
