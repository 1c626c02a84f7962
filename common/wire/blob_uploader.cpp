#include "common/wire/blob_uploader.h"

#include <algorithm>
#include <utility>

#include "furrow/v1/blob.pb.h"

namespace furrow::wire {

Result<void> BlobUploader::connect(const std::string& endpoint) {
  waiting_.clear();
  socket_.reset();
  FURROW_TRY(auto socket,
             Dealer::connect(context_, endpoint,
                             {.max_message_bytes = kMaxBlobBytes, .high_water_mark = 16}));
  socket_ = std::move(socket);
  return {};
}

void BlobUploader::upload(const Digest& digest, std::filesystem::path path) {
  waiting_.push_back({digest, std::move(path), std::nullopt, 0});
}

std::vector<BlobUploader::Answer> BlobUploader::pump() {
  std::vector<Answer> unreadable;
  while (has_unsent()) {
    File& file = waiting_.front();
    if (!file.content) {
      auto content = MappedFile::open(file.path);
      if (!content) {
        unreadable.push_back({file.digest, false, content.error().message});
        waiting_.pop_front();
        continue;
      }
      file.content = *std::move(content);
    }
    if (send_chunk(file) != Sent::Queued) break;
    if (file.sent == file.content->bytes().size()) waiting_.pop_front();
  }
  return unreadable;
}

Sent BlobUploader::send_chunk(File& file) {
  const auto bytes = file.content->bytes();
  v1::BlobRequest request;
  request.set_version(kProtocol);
  request.mutable_put()->set_digest(file.digest.raw());
  request.mutable_put()->set_size(bytes.size());
  request.mutable_put()->set_offset(file.sent);
  request.mutable_put()->set_input(kind_ == BlobKind::Input);
  const auto chunk = bytes.substr(file.sent, kBlobChunkBytes);
  const auto sent = socket_->send(request, chunk);
  if (sent == Sent::Queued) file.sent += chunk.size();
  return sent;
}

std::vector<BlobUploader::Answer> BlobUploader::receive() {
  std::vector<Answer> answers;
  while (auto incoming = socket_ ? socket_->receive() : std::nullopt) {
    v1::BlobReply reply;
    if (!incoming->parse_into(reply)) continue;
    const bool stored = reply.has_stored();
    if (!stored && !reply.has_refused()) continue;
    const auto digest =
        Digest::from_raw(stored ? reply.stored().digest() : reply.refused().digest());
    if (digest) answers.push_back({*digest, stored, reply.refused().reason()});
  }
  return answers;
}

std::optional<zmq::socket_ref> BlobUploader::socket() {
  if (!socket_) return std::nullopt;
  return socket_->socket();
}

}  // namespace furrow::wire
