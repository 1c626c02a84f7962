#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/spec/inputs.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/net/input_ledger.h"
#include "furrow/v1/blob.pb.h"

namespace furrow::net {

/// What the blob port puts up with. Every bound of it is here.
struct BlobLimits {
  std::uint64_t blob_bytes = 256ULL << 20;
  std::uint64_t input_bytes = spec::kMaxInputBytes;  ///< of a picture for jobs
  std::size_t chunk_bytes = 1 << 20;
  std::size_t open_uploads = 512;  ///< of all peers
  std::size_t open_uploads_per_peer = 64;
  std::size_t open_artifacts = 32;  ///< being read; the least recently read is closed
  Duration idle =
      std::chrono::seconds(60);  ///< an upload that gets no chunk for so long is dropped
  std::size_t swept_at_once = 256;
};

/// A reply and whom it is for.
struct BlobAnswer {
  std::string peer;
  v1::BlobReply reply;
  std::string attachment;
};

/// What the blob port does with each request, without the port: keeps the open uploads, puts
/// finished ones into the store, several at once, and reads artifacts by chunk. Of inputs it tells
/// the ledger, and removes those that nobody wants. Owned by the blob thread.
///
/// The chunks of a blob come in order, from one peer. A chunk at offset 0 starts the blob anew.
/// After a refusal further chunks of that blob are dropped in silence until it is started anew, so
/// a peer that had many under way hears of it once.
class BlobDesk {
 public:
  BlobDesk(artifacts::ArtifactStore& store, InputLedger& ledger, const BlobLimits& limits = {})
      : store_(store), ledger_(ledger), limits_(limits) {}

  /// Takes one request. Replies are collected until take_answers().
  /// False: it makes no sense as a request; nothing is answered.
  bool on_request(const std::string& peer, const v1::BlobRequest& request,
                  std::string_view attachment, Instant now);

  /// Makes the blobs that were finished since the last call durable, all together, and answers for
  /// each.
  void commit_finished();

  /// Forgets what a peer left half done.
  void on_peer_gone(const std::string& peer);
  void drop_idle(Instant now);
  /// Removes inputs that nobody wants any more. True: there may be more of them.
  bool sweep_inputs();

  std::vector<BlobAnswer> take_answers() { return std::exchange(answers_, {}); }

  bool has_finished() const { return !finished_.empty(); }

  std::size_t open_uploads() const { return uploads_.size(); }

 private:
  using UploadKey = std::pair<std::string, Digest>;  // peer, blob

  struct OpenUpload {
    std::unique_ptr<artifacts::Upload> upload;  // nothing: refused
    std::uint64_t size = 0;
    std::uint64_t received = 0;
    bool is_input = false;
    Instant last_chunk;
  };

  struct FinishedUpload {
    std::string peer;
    Digest digest;
    std::unique_ptr<artifacts::Upload> upload;
    std::uint64_t size = 0;
    bool is_input = false;
    bool was_there = false;
  };

  struct OpenArtifact {
    Digest digest;
    std::unique_ptr<artifacts::Artifact> artifact;
  };

  bool on_put(const std::string& peer, const v1::BlobPut& put, std::string_view chunk, Instant now);
  bool on_get(const std::string& peer, const v1::BlobGet& get);
  /// The upload this chunk belongs to, opened if the chunk is a first one; an Error is a refusal.
  Result<OpenUpload*> upload_for(const UploadKey& key, const v1::BlobPut& put);
  /// The reason not to take the chunk.
  Result<void> check_chunk(const OpenUpload& upload, const v1::BlobPut& put,
                           std::string_view chunk) const;
  std::size_t uploads_of(const std::string& peer) const;
  Result<const artifacts::Artifact*> artifact(const Digest& digest);
  void enter_inputs(const std::vector<Result<void>>& outcomes);
  void answer_stored(const std::string& peer, const Digest& digest);
  v1::BlobRefused& refuse(const std::string& peer, const Digest& digest, const std::string& reason);

  // Constant after construction.
  artifacts::ArtifactStore& store_;
  InputLedger& ledger_;
  const BlobLimits limits_;

  // State owned by the blob thread.
  std::map<UploadKey, OpenUpload> uploads_;
  std::vector<FinishedUpload> finished_;
  std::vector<OpenArtifact> reading_;  // the most recently read last
  std::vector<BlobAnswer> answers_;
};

}  // namespace furrow::net
