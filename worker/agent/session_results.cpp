// How the session brings home what is finished.

#include <algorithm>
#include <utility>

#include "worker/agent/session.h"

namespace furrow::worker {

namespace {

/// Keeps a message far below what the wire takes.
constexpr int kMaxResultsAMessage = 1024;

}  // namespace

void Session::on_spooled(const v1::Token& token, Instant now) {
  auto* attempt = attempts_.find(token);
  if (attempt == nullptr || attempt->state != AttemptState::Spooling) {
    effects_.push_back(DeleteSpooled{token});
    return;
  }
  attempt->state = AttemptState::Finished;
  deliver(*attempt, now);
}

void Session::on_spool_failed(const v1::Token& token, std::string_view reason) {
  if (auto* attempt = attempts_.find(token)) {
    fail(*attempt, v1::FAILURE_CLASS_IO,
         "the finished picture cannot be kept: " + std::string(reason));
  }
}

/// Takes a finished attempt one step on: first its picture, then its report.
void Session::deliver(Attempt& attempt, Instant now) {
  if (link_ != Link::Welcomed) return;
  if (!attempt.has_picture()) {
    attempt.delivery = Delivery::Uploaded;
    return;
  }
  attempt.delivery = Delivery::Uploading;
  attempt.retry_at = now + kUploadTimeout;
  effects_.push_back(Upload{attempt.token, *Digest::from_raw(attempt.result.artifact())});
}

void Session::on_blob_stored(const Digest& digest, Instant) {
  const auto raw = digest.raw();
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state != AttemptState::Finished || attempt.delivery != Delivery::Uploading)
      continue;
    if (attempt.result.artifact() == raw) attempt.delivery = Delivery::Uploaded;
  }
}

void Session::on_blob_refused(const Digest& digest, Instant now) {
  const auto raw = digest.raw();
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state != AttemptState::Finished || attempt.delivery != Delivery::Uploading)
      continue;
    if (attempt.result.artifact() == raw) attempt.retry_at = now + kUploadPause;
  }
}

void Session::retry_deliveries(Instant now) {
  if (link_ != Link::Welcomed) return;
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state != AttemptState::Finished || now < attempt.retry_at) continue;
    switch (attempt.delivery) {
      case Delivery::Unsent:
      case Delivery::Uploading:
        deliver(attempt, now);
        break;
      case Delivery::Reported:
        attempt.delivery = Delivery::Uploaded;
        break;
      case Delivery::Uploaded:
        break;
    }
  }
}

void Session::send_results(Instant now) {
  v1::FromWorker message;
  auto& cells = *message.mutable_rendered()->mutable_cells();
  for (auto& [key, attempt] : attempts_) {
    if (attempt.state != AttemptState::Finished || attempt.delivery != Delivery::Uploaded) continue;
    auto& cell = *cells.Add();
    cell = attempt.result;
    *cell.mutable_token() = attempt.token;
    attempt.delivery = Delivery::Reported;
    attempt.retry_at = now + kAcknowledgeTimeout;
    if (cells.size() == kMaxResultsAMessage) {
      send(message);
      cells.Clear();
    }
  }
  if (!cells.empty()) send(std::move(message));
}

void Session::send_failures() {
  for (const auto& key : attempts_.keys()) {
    auto& attempt = *attempts_.find(key);
    if (attempt.state != AttemptState::Failed) continue;
    v1::FromWorker message;
    *message.mutable_failed() = std::move(attempt.failure);
    *message.mutable_failed()->mutable_token() = attempt.token;
    send(std::move(message));
    attempts_.erase(v1::Token(attempt.token));
  }
}

void Session::send_progress(Instant now) {
  for (auto& [key, attempt] : attempts_) {
    if (!attempt.progress_unsent || attempt.state != AttemptState::WithEngine) continue;
    if (now - attempt.progress_sent < kProgressInterval) continue;
    v1::FromWorker message;
    *message.mutable_progress() = attempt.progress;
    *message.mutable_progress()->mutable_token() = attempt.token;
    send(std::move(message));
    attempt.progress_unsent = false;
    attempt.progress_sent = now;
  }
}

void Session::on_acknowledged(const v1::ResultAcknowledged& acknowledged) {
  for (const auto& token : acknowledged.tokens()) {
    auto* attempt = attempts_.find(token);
    if (attempt == nullptr || attempt->state != AttemptState::Finished) continue;
    if (attempt->has_picture()) effects_.push_back(DeleteSpooled{attempt->token});
    attempts_.erase(token);
  }
}

}  // namespace furrow::worker
