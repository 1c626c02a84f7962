#include "worker/agent/session.h"

#include <algorithm>
#include <set>
#include <utility>

namespace furrow::worker {

namespace {

constexpr std::uint32_t kProtocol = 1;
constexpr double kWeightOfNewestRoundTrip = 0.2;
constexpr int kSilentHeartbeats = 4;
constexpr int kUsualHeartbeatMs = 1000;
constexpr int kShortestHeartbeatMs = 100;
constexpr int kLongestHeartbeatMs = 10'000;

Duration usable_interval(std::uint32_t told_ms) {
  if (told_ms == 0) return std::chrono::milliseconds(kUsualHeartbeatMs);
  return std::chrono::milliseconds(
      std::clamp<std::int64_t>(told_ms, kShortestHeartbeatMs, kLongestHeartbeatMs));
}

}  // namespace

Session::Session(SessionOptions options, const std::vector<v1::RenderedCell>& spooled)
    : options_(std::move(options)),
      jobs_(options_.models, options_.name),
      inputs_(options_.input_bytes, options_.left_inputs) {
  for (const auto& device : options_.devices) engines_.emplace_back(device);
  for (const auto& cell : spooled) {
    attempts_.add(cell.token(), AttemptState::Finished).result = cell;
  }
}

void Session::on_started(Instant now) {
  link_since_ = now;
  start_due_engines(now);
}

void Session::on_tick(Instant now, std::uint64_t free_memory_bytes) {
  start_due_engines(now);
  kill_stuck_engines(now);
  retry_deliveries(now);
  watch_link(now, free_memory_bytes);
  request_plans(now);
  drop_surplus_inputs();
}

void Session::on_stop_requested(Instant now, std::string reason) {
  if (stopping_) return;
  stopping_ = true;
  stop_at_ = now + kFarewell;
  stop_reason_ = std::move(reason);
  v1::ToEngine stop;
  stop.mutable_stop();
  for (EngineIndex engine = 0; engine < engines_.size(); ++engine) {
    if (engines_[engine].is_ready()) effects_.push_back(SendToEngine{engine, stop});
  }
  for (const auto& key : attempts_.keys()) {
    const auto state = attempts_.find(key)->state;
    const bool is_on_its_way = state == AttemptState::Spooling || state == AttemptState::Finished ||
                               state == AttemptState::Failed;
    if (!is_on_its_way) attempts_.erase(attempts_.find(key)->token);
  }
}

Effects Session::take_effects(Instant now) {
  if (!stopping_) {
    feed_engines(now);
    give_up_without_engines();
  }
  stop_vain_fetches();
  greet_when_gathered(now);
  if (link_ == Link::Welcomed) {
    send_failures();
    send_results(now);
    send_progress(now);
    tell_capabilities();
  }
  if (stopping_) say_goodbye(now);
  return std::exchange(effects_, {});
}

void Session::greet_when_gathered(Instant now) {
  if (link_ != Link::Gathering || stopping_) return;
  const bool is_gathering =
      std::any_of(engines_.begin(), engines_.end(),
                  [](const EngineSlot& engine) { return engine.state() == EngineState::Starting; });
  if (!is_gathering || now - link_since_ >= kGatherPatience) connect("started", now);
}

void Session::connect(std::string reason, Instant now) {
  link_ = Link::Greeting;
  link_since_ = now;
  effects_.push_back(Connect{std::move(reason)});
  v1::FromWorker message;
  *message.mutable_hello() = hello();
  epoch_ = 0;
  told_credits_ = message.hello().credits();
  devices_changed_ = false;
  send(std::move(message));
}

v1::Hello Session::hello() const {
  const auto own = capabilities();
  v1::Hello hello;
  hello.set_protocol_min(kProtocol);
  hello.set_protocol_max(kProtocol);
  hello.set_worker(options_.worker);
  hello.set_name(options_.name);
  hello.set_version(options_.version);
  *hello.mutable_devices() = own.devices();
  *hello.mutable_models() = own.models();
  hello.set_credits(own.credits());
  for (const auto& [key, attempt] : attempts_) {
    if (!attempt.is_held()) continue;
    auto& held = *hello.add_held();
    *held.mutable_token() = attempt.token;
    held.set_finished(attempt.state == AttemptState::Finished);
  }
  return hello;
}

v1::Capabilities Session::capabilities() const {
  v1::Capabilities own;
  for (const auto& engine : engines_) {
    if (const auto info = engine.info()) *own.add_devices() = *info;
  }
  for (const auto& found : options_.models) *own.add_models() = found.description;
  own.set_credits(wanted_credits());
  return own;
}

std::uint32_t Session::wanted_credits() const {
  if (stopping_) return 0;
  std::uint32_t credits = 0;
  for (const auto& engine : engines_) credits += engine.credits(round_trip_s_);
  return credits;
}

void Session::tell_capabilities() {
  if (!devices_changed_ && wanted_credits() == told_credits_) return;
  v1::FromWorker message;
  *message.mutable_capabilities() = capabilities();
  told_credits_ = message.capabilities().credits();
  devices_changed_ = false;
  send(std::move(message));
}

void Session::on_message(const v1::ToWorker& message, Instant now) {
  if (message.has_refusal()) {
    link_ = Link::Refused;
    link_since_ = now;
    return;
  }
  if (message.has_welcome()) {
    if (link_ == Link::Greeting) on_welcome(message.welcome(), now);
    return;
  }
  if (link_ != Link::Welcomed) return;
  if (message.epoch() < epoch_) return;
  if (message.epoch() > epoch_) return connect("the coordinator was restarted", now);
  heard_ = now;
  switch (message.body_case()) {
    case v1::ToWorker::kPlan:
      return on_plan(message.plan());
    case v1::ToWorker::kOffer:
      return on_offer(message.offer(), now);
    case v1::ToWorker::kRevoked:
      return on_revoked(message.revoked());
    case v1::ToWorker::kAcknowledged:
      return on_acknowledged(message.acknowledged());
    case v1::ToWorker::kHeartbeat:
      if (heartbeat_unanswered_) {
        const double took = to_seconds(now - heartbeat_sent_);
        round_trip_s_ += kWeightOfNewestRoundTrip * (took - round_trip_s_);
        heartbeat_unanswered_ = false;
      }
      return;
    case v1::ToWorker::kWelcome:
    case v1::ToWorker::kRefusal:
    case v1::ToWorker::BODY_NOT_SET:
      return;
  }
}

void Session::on_unreachable(Instant now) {
  if (link_ == Link::Welcomed) connect("the coordinator cannot be reached", now);
}

void Session::on_welcome(const v1::Welcome& welcome, Instant now) {
  link_ = Link::Welcomed;
  link_since_ = heard_ = heartbeat_sent_ = now;
  heartbeat_unanswered_ = false;
  heartbeat_interval_ = usable_interval(welcome.heartbeat_ms());
  epoch_ = welcome.epoch();
  jobs_.forget_plans();
  plans_requested_ = now - kPlanTimeout;
  effects_.push_back(ConnectBlobs{welcome.blob_endpoint()});
  for (const auto& token : welcome.adopted()) {
    if (auto* attempt = attempts_.find(token)) attempt->token = token;
  }
  for (const auto& token : welcome.dropped()) {
    auto* attempt = attempts_.find(token);
    if (attempt == nullptr) continue;
    if (attempt->state == AttemptState::Finished) {
      if (attempt->has_picture()) effects_.push_back(DeleteSpooled{attempt->token});
      attempts_.erase(token);
    } else {
      take_back(*attempt);
    }
  }
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state == AttemptState::Finished) {
      attempt.delivery = Delivery::Unsent;
      deliver(attempt, now);
    }
    // Tells the new session at once what is being worked on: progress is what extends a lease.
    attempt.progress_unsent = attempt.state == AttemptState::WithEngine && attempt.started;
    attempt.progress_sent = now - kProgressInterval;
  }
}

void Session::on_plan(const v1::PlanDefinition& plan) {
  jobs_.add(plan);
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state == AttemptState::AwaitsPlan && key.job == plan.job()) prepare(attempt);
  }
}

void Session::on_offer(const v1::LeaseOffer& offer, Instant now) {
  if (stopping_) return;
  bool misses_plan = false;
  const std::set<std::uint64_t> alone(offer.alone().begin(), offer.alone().end());
  const int count = std::min(offer.cells_size(), offer.attempts_size());
  for (int i = 0; i < count; ++i) {
    v1::Token token;
    token.set_job(offer.job());
    token.set_cell(offer.cells(i));
    token.set_attempt(offer.attempts(i));
    token.set_epoch(epoch_);
    if (attempts_.find(token) != nullptr) continue;
    auto& attempt = attempts_.add(token, AttemptState::AwaitsPlan);
    attempt.alone = alone.contains(offer.cells(i));
    if (attempts_.size() > kMaxHeld) {
      fail(attempt, v1::FAILURE_CLASS_REJECTED, "this worker holds more leases than it can keep");
    } else if (jobs_.knows(offer.job())) {
      prepare(attempt);
    } else {
      misses_plan = true;
    }
  }
  if (misses_plan) {
    plans_requested_ = now - kPlanTimeout;
    request_plans(now);
  }
}

/// Turns a lease whose plan is known into what an engine renders.
void Session::prepare(Attempt& attempt) {
  auto cell = jobs_.cell(attempt.token);
  if (!cell) {
    const bool is_missing = cell.error().kind == ErrorKind::NotFound;
    return fail(attempt, is_missing ? v1::FAILURE_CLASS_REJECTED : v1::FAILURE_CLASS_INTERNAL,
                cell.error().message);
  }
  attempt.cell = *std::move(cell);
  seek_inputs(attempt);
}

void Session::request_plans(Instant now) {
  if (link_ != Link::Welcomed || now - plans_requested_ < kPlanTimeout) return;
  std::set<std::uint64_t> jobs;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt.state == AttemptState::AwaitsPlan) jobs.insert(key.job);
  }
  for (const auto job : jobs) {
    v1::FromWorker message;
    message.mutable_plan_request()->set_job(job);
    send(std::move(message));
  }
  plans_requested_ = now;
}

void Session::on_revoked(const v1::LeaseRevoked& revoked) {
  for (const auto& token : revoked.tokens()) {
    if (auto* attempt = attempts_.find(token)) take_back(*attempt);
  }
}

/// A picture that is already rendered is still offered: the coordinator may take it for its cell.
void Session::take_back(Attempt& attempt) {
  switch (attempt.state) {
    case AttemptState::AwaitsPlan:
    case AttemptState::AwaitsInputs:
    case AttemptState::Waiting:
    case AttemptState::Failed:
      return attempts_.erase(v1::Token(attempt.token));
    case AttemptState::WithEngine: {
      v1::ToEngine message;
      *message.mutable_cancel()->mutable_token() = attempt.cell.token();
      effects_.push_back(SendToEngine{*attempt.engine, std::move(message)});
      attempt.state = AttemptState::Abandoned;
      return;
    }
    case AttemptState::Spooling:
    case AttemptState::Finished:
    case AttemptState::Abandoned:
      return;
  }
}

void Session::watch_link(Instant now, std::uint64_t free_memory_bytes) {
  switch (link_) {
    case Link::Gathering:
      return;
    case Link::Greeting:
      if (now - link_since_ >= kHelloTimeout) connect("no answer to the hello", now);
      return;
    case Link::Refused:
      if (now - link_since_ >= kRefusedPause) connect("asking again after a refusal", now);
      return;
    case Link::Welcomed:
      break;
  }
  if (now - heard_ >= std::max(kShortestSilence, kSilentHeartbeats * heartbeat_interval_)) {
    return connect("the coordinator is silent", now);
  }
  if (now - heartbeat_sent_ < heartbeat_interval_) return;
  heartbeat_sent_ = now;
  heartbeat_unanswered_ = true;
  v1::FromWorker message;
  message.mutable_heartbeat()->set_held(attempts_.held());
  message.mutable_heartbeat()->set_free_memory_bytes(free_memory_bytes);
  send(std::move(message));
}

void Session::say_goodbye(Instant now) {
  const bool is_on_its_way =
      attempts_.any_in(AttemptState::Spooling) || attempts_.any_in(AttemptState::Finished);
  if (finished_ || (link_ == Link::Welcomed && is_on_its_way && now < stop_at_)) return;
  if (link_ == Link::Welcomed) {
    v1::FromWorker message;
    message.mutable_goodbye()->set_reason(stop_reason_);
    send(std::move(message));
  }
  effects_.push_back(Finish{});
  finished_ = true;
}

void Session::send(v1::FromWorker message) {
  message.set_version(kProtocol);
  message.set_epoch(epoch_);
  effects_.push_back(SendToCoordinator{std::move(message)});
}

}  // namespace furrow::worker
