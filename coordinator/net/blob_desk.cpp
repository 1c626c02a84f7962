#include "coordinator/net/blob_desk.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <spdlog/spdlog.h>

#include "common/wire/socket.h"

namespace furrow::net {

namespace {

v1::BlobReply a_reply() {
  v1::BlobReply reply;
  reply.set_version(wire::kProtocol);
  return reply;
}

}  // namespace

bool BlobDesk::on_request(const std::string& peer, const v1::BlobRequest& request,
                          std::string_view attachment, Instant now) {
  switch (request.body_case()) {
    case v1::BlobRequest::kPut:
      return on_put(peer, request.put(), attachment, now);
    case v1::BlobRequest::kGet:
      return on_get(peer, request.get());
    case v1::BlobRequest::BODY_NOT_SET:
      return false;
  }
  return false;
}

bool BlobDesk::on_put(const std::string& peer, const v1::BlobPut& put, std::string_view chunk,
                      Instant now) {
  const auto digest = Digest::from_raw(put.digest());
  if (!digest) return false;
  const UploadKey key{peer, *digest};
  const auto found = upload_for(key, put);
  if (!found) {
    refuse(peer, *digest, found.error().message);
    if (uploads_.size() < 2 * limits_.open_uploads) uploads_[key].last_chunk = now;
    return true;
  }
  OpenUpload& open = **found;
  open.last_chunk = now;
  if (open.upload == nullptr) return true;
  auto taken = check_chunk(open, put, chunk);
  if (taken) taken = open.upload->append(chunk);
  if (!taken) {
    open.upload.reset();
    refuse(peer, *digest, taken.error().message);
    return true;
  }
  open.received += chunk.size();
  if (open.received == open.size) {
    finished_.push_back({peer, *digest, std::move(open.upload), open.size, open.is_input});
    uploads_.erase(key);
  }
  return true;
}

Result<BlobDesk::OpenUpload*> BlobDesk::upload_for(const UploadKey& key, const v1::BlobPut& put) {
  const auto known = uploads_.find(key);
  if (put.offset() != 0) {
    if (known != uploads_.end()) return &known->second;
    return fail(ErrorKind::Invalid, "no upload of this blob is open. Send it from its first byte");
  }
  if (known != uploads_.end()) uploads_.erase(known);
  const std::uint64_t most = put.input() ? limits_.input_bytes : limits_.blob_bytes;
  if (put.size() > most) {
    return fail(ErrorKind::Invalid, "a blob of " + std::to_string(put.size()) +
                                        " bytes is too large: at most " + std::to_string(most) +
                                        " are taken");
  }
  if (uploads_.size() >= limits_.open_uploads ||
      uploads_of(key.first) >= limits_.open_uploads_per_peer) {
    return fail(ErrorKind::Conflict, "too many uploads are open. Finish some first");
  }
  FURROW_TRY(auto upload, store_.begin(key.second));
  const auto [opened, is_new] = uploads_.emplace(key, OpenUpload{});
  opened->second.upload = std::move(upload);
  opened->second.size = put.size();
  opened->second.is_input = put.input();
  return &opened->second;
}

Result<void> BlobDesk::check_chunk(const OpenUpload& open, const v1::BlobPut& put,
                                   std::string_view chunk) const {
  if (put.offset() != open.received) {
    return fail(ErrorKind::Invalid, "the chunk at " + std::to_string(put.offset()) +
                                        " is out of order: the next one is at " +
                                        std::to_string(open.received));
  }
  if (put.size() != open.size || chunk.size() > open.size - open.received) {
    return fail(ErrorKind::Invalid,
                "the blob is larger than the " + std::to_string(open.size) + " bytes announced");
  }
  if (chunk.size() > limits_.chunk_bytes) {
    return fail(ErrorKind::Invalid, "a chunk of " + std::to_string(chunk.size()) +
                                        " bytes is too large: at most " +
                                        std::to_string(limits_.chunk_bytes) + " are taken");
  }
  if (chunk.empty() && open.size != 0) return fail(ErrorKind::Invalid, "the chunk has no bytes");
  if (open.is_input && put.offset() == 0 && !spec::is_picture(chunk)) {
    return fail(ErrorKind::Invalid, "it is no picture: PNG, JPEG and WebP are taken");
  }
  return {};
}

std::size_t BlobDesk::uploads_of(const std::string& peer) const {
  const auto first = uploads_.lower_bound({peer, Digest{}});
  const auto last = std::find_if(first, uploads_.end(),
                                 [&](const auto& entry) { return entry.first.first != peer; });
  return static_cast<std::size_t>(std::distance(first, last));
}

void BlobDesk::commit_finished() {
  std::vector<std::unique_ptr<artifacts::Upload>> uploads;
  for (auto& finished : finished_) {
    finished.was_there = finished.is_input && store_.contains(finished.digest);
    uploads.push_back(std::move(finished.upload));
  }
  const auto outcomes = store_.commit(std::move(uploads));
  enter_inputs(outcomes);
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    const std::string& peer = finished_[i].peer;
    const Digest& digest = finished_[i].digest;
    if (outcomes[i]) {
      answer_stored(peer, digest);
    } else {
      spdlog::warn("blob not stored digest={} reason=\"{}\"", digest.hex(),
                   outcomes[i].error().message);
      refuse(peer, digest, outcomes[i].error().message);
    }
  }
  finished_.clear();
}

/// An input counts as stored when the database says so as well.
void BlobDesk::enter_inputs(const std::vector<Result<void>>& outcomes) {
  std::vector<core::StoredInput> inputs;
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    const FinishedUpload& finished = finished_[i];
    if (!finished.is_input || !outcomes[i]) continue;
    inputs.push_back({finished.digest, finished.size, finished.was_there});
  }
  if (!inputs.empty()) ledger_.on_stored(inputs);
}

bool BlobDesk::sweep_inputs() {
  const std::vector<Digest> expired = ledger_.take_expired(limits_.swept_at_once);
  if (expired.empty()) return false;
  std::vector<Digest> removed;
  for (const Digest& input : expired) {
    std::erase_if(reading_, [&](const auto& entry) { return entry.digest == input; });
    const auto outcome = store_.remove(input);
    if (outcome) {
      removed.push_back(input);
    } else {
      spdlog::warn("picture not removed digest={} reason=\"{}\"", input.hex(),
                   outcome.error().message);
    }
  }
  ledger_.on_removed(removed);
  return expired.size() == limits_.swept_at_once;
}

bool BlobDesk::on_get(const std::string& peer, const v1::BlobGet& get) {
  const auto digest = Digest::from_raw(get.digest());
  if (!digest) return false;
  const auto found = artifact(*digest);
  if (!found) {
    refuse(peer, *digest, found.error().message)
        .set_missing(found.error().kind == ErrorKind::NotFound);
    ledger_.on_lost(*digest);
    return true;
  }
  const std::uint64_t size = (*found)->size();
  if (get.offset() > size) {
    refuse(peer, *digest, "the blob ends at byte " + std::to_string(size));
    return true;
  }
  auto bytes = (*found)->read(get.offset(), limits_.chunk_bytes);
  if (!bytes) {
    refuse(peer, *digest, bytes.error().message);
    return true;
  }
  BlobAnswer answer{peer, a_reply(), *std::move(bytes)};
  auto& chunk = *answer.reply.mutable_chunk();
  chunk.set_digest(get.digest());
  chunk.set_size(size);
  chunk.set_offset(get.offset());
  answers_.push_back(std::move(answer));
  return true;
}

Result<const artifacts::Artifact*> BlobDesk::artifact(const Digest& digest) {
  const auto open = std::find_if(reading_.begin(), reading_.end(),
                                 [&](const auto& entry) { return entry.digest == digest; });
  if (open != reading_.end()) {
    std::rotate(open, open + 1, reading_.end());
    return reading_.back().artifact.get();
  }
  FURROW_TRY(auto opened, store_.open(digest));
  if (reading_.size() >= limits_.open_artifacts) reading_.erase(reading_.begin());
  reading_.push_back({digest, std::move(opened)});
  return reading_.back().artifact.get();
}

void BlobDesk::on_peer_gone(const std::string& peer) {
  std::erase_if(uploads_, [&](const auto& entry) { return entry.first.first == peer; });
}

void BlobDesk::drop_idle(Instant now) {
  std::erase_if(uploads_,
                [&](const auto& entry) { return now - entry.second.last_chunk > limits_.idle; });
}

void BlobDesk::answer_stored(const std::string& peer, const Digest& digest) {
  BlobAnswer answer{peer, a_reply(), {}};
  answer.reply.mutable_stored()->set_digest(digest.raw());
  answers_.push_back(std::move(answer));
}

v1::BlobRefused& BlobDesk::refuse(const std::string& peer, const Digest& digest,
                                  const std::string& reason) {
  BlobAnswer& answer = answers_.emplace_back(BlobAnswer{peer, a_reply(), {}});
  answer.reply.mutable_refused()->set_digest(digest.raw());
  answer.reply.mutable_refused()->set_reason(reason);
  return *answer.reply.mutable_refused();
}

}  // namespace furrow::net
