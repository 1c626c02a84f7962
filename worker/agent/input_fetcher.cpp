#include "worker/agent/input_fetcher.h"

#include <algorithm>
#include <utility>

#include "common/spec/inputs.h"

namespace furrow::worker {

void InputFetcher::connect(const std::string& endpoint) {
  endpoint_ = endpoint;
  socket_.reset();
  for (auto& [input, download] : downloads_) {
    download.is_asked = false;
    download.tries = 0;
  }
}

/// An address that is none gives no answers; what is wrong with it is the uploader's to say.
void InputFetcher::dial_if_needed() {
  if (socket_ || endpoint_.empty() || downloads_.empty()) return;
  auto socket =
      wire::Dealer::connect(context_, endpoint_, {.max_message_bytes = wire::kMaxBlobBytes});
  if (socket) socket_ = *std::move(socket);
}

void InputFetcher::stop(const Digest& input) {
  std::erase(waiting_, input);
  downloads_.erase(input);
}

std::vector<InputFetcher::Answer> InputFetcher::pump(Instant now) {
  std::vector<Answer> answers;
  while (!waiting_.empty() && downloads_.size() < kAtOnce) {
    const Digest input = waiting_.front();
    waiting_.pop_front();
    if (auto answer = begin(input, now)) answers.push_back(*std::move(answer));
  }
  dial_if_needed();
  std::vector<Digest> silent;
  for (auto& [input, download] : downloads_) {
    const bool is_late = now - download.asked >= kPatience;
    if (is_late && download.tries >= kTries) {
      silent.push_back(input);
    } else if (!download.is_asked || is_late) {
      ask(input, download, now);
    }
  }
  for (const Digest& input : silent) {
    answers.push_back(give_up(input, "nothing comes from the coordinator's blob port"));
  }
  return answers;
}

/// Takes the input from the cache, or opens a download for it.
std::optional<InputFetcher::Answer> InputFetcher::begin(const Digest& input, Instant now) {
  if (auto path = cache_.find(input)) {
    std::error_code ignored;
    const auto bytes = std::filesystem::file_size(*path, ignored);
    return Answer{input, Outcome::Fetched, *std::move(path), bytes};
  }
  auto file = cache_.begin(input);
  if (!file) return give_up(input, file.error().message);
  downloads_.emplace(input, Download{.file = *std::move(file), .asked = now});
  return std::nullopt;
}

void InputFetcher::ask(const Digest& input, Download& download, Instant now) {
  v1::BlobRequest request;
  request.set_version(wire::kProtocol);
  request.mutable_get()->set_digest(input.raw());
  request.mutable_get()->set_offset(download.file.bytes());
  // A question that cannot be sent yet is sent as soon as it can; it counts when it is late.
  const bool is_late = now - download.asked >= kPatience;
  const bool is_sent = socket_ && socket_->send(request) == wire::Sent::Queued;
  if (!is_sent && !is_late) return;
  download.is_asked = is_sent;
  download.asked = now;
  ++download.tries;
}

std::vector<InputFetcher::Answer> InputFetcher::receive(Instant now) {
  std::vector<Answer> answers;
  while (auto incoming = socket_ ? socket_->receive() : std::nullopt) {
    v1::BlobReply reply;
    if (!incoming->parse_into(reply)) continue;
    if (auto answer = take(reply, incoming->attached(), now)) answers.push_back(*std::move(answer));
  }
  return answers;
}

std::optional<InputFetcher::Answer> InputFetcher::take(const v1::BlobReply& reply,
                                                       std::string_view attached, Instant now) {
  const bool is_refused = reply.has_refused();
  if (!is_refused && !reply.has_chunk()) return std::nullopt;
  const auto input =
      Digest::from_raw(is_refused ? reply.refused().digest() : reply.chunk().digest());
  if (!input || !downloads_.contains(*input)) return std::nullopt;
  if (!is_refused) return take_chunk(*input, reply.chunk(), attached, now);
  auto answer = give_up(*input, reply.refused().reason());
  if (reply.refused().missing()) answer.outcome = Outcome::Missing;
  return answer;
}

std::optional<InputFetcher::Answer> InputFetcher::take_chunk(const Digest& input,
                                                             const v1::BlobChunk& chunk,
                                                             std::string_view attached,
                                                             Instant now) {
  Download& download = downloads_.at(input);
  // Of a question that was asked twice.
  if (chunk.offset() != download.file.bytes()) return std::nullopt;
  const std::uint64_t has = download.file.bytes() + attached.size();
  const bool makes_no_progress = attached.empty() && has < chunk.size();
  if (chunk.size() > spec::kMaxInputBytes || has > chunk.size() || makes_no_progress) {
    return give_up(input, "the coordinator sent what is no part of it");
  }
  if (const auto written = download.file.append(attached); !written) {
    return give_up(input, written.error().message);
  }
  if (has < chunk.size()) {
    download.is_asked = false;
    download.asked = now;
    download.tries = 0;
    return std::nullopt;
  }
  auto path = download.file.finish();
  if (!path) return give_up(input, path.error().message);
  downloads_.erase(input);
  return Answer{input, Outcome::Fetched, *std::move(path), has};
}

InputFetcher::Answer InputFetcher::give_up(const Digest& input, std::string reason) {
  downloads_.erase(input);
  return {.input = input, .outcome = Outcome::Failed, .reason = std::move(reason)};
}

bool InputFetcher::has_unsent() const {
  return socket_.has_value() &&
         std::ranges::any_of(downloads_, [](const auto& entry) { return !entry.second.is_asked; });
}

std::optional<zmq::socket_ref> InputFetcher::socket() {
  if (!socket_) return std::nullopt;
  return socket_->socket();
}

}  // namespace furrow::worker
