#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/net/input_ledger.h"

namespace furrow::net {

/// Blobs in memory; counts how often it was asked to make some durable.
class FakeStore final : public artifacts::ArtifactStore {
 public:
  struct FakeUpload final : artifacts::Upload {
    Digest digest;
    std::string bytes;

    Result<void> append(std::string_view more) override {
      bytes += more;
      return {};
    }
  };

  struct FakeArtifact final : artifacts::Artifact {
    std::string bytes;

    std::uint64_t size() const override { return bytes.size(); }

    Result<std::string> read(std::uint64_t offset, std::size_t limit) const override {
      return bytes.substr(offset, limit);
    }
  };

  Result<std::unique_ptr<artifacts::Upload>> begin(const Digest& digest) override {
    auto upload = std::make_unique<FakeUpload>();
    upload->digest = digest;
    return std::unique_ptr<artifacts::Upload>(std::move(upload));
  }

  std::vector<Result<void>> commit(
      std::vector<std::unique_ptr<artifacts::Upload>> uploads) override {
    ++commits;
    std::vector<Result<void>> outcomes;
    for (const auto& upload : uploads) {
      const auto& fake = static_cast<const FakeUpload&>(*upload);
      const bool is_right = sha256(fake.bytes) == fake.digest;
      if (is_right) blobs[fake.digest] = fake.bytes;
      outcomes.push_back(is_right ? Result<void>() : fail(ErrorKind::Invalid, "damaged"));
    }
    return outcomes;
  }

  Result<std::unique_ptr<artifacts::Artifact>> open(const Digest& digest) const override {
    const auto found = blobs.find(digest);
    if (found == blobs.end()) return fail(ErrorKind::NotFound, "no such blob");
    auto artifact = std::make_unique<FakeArtifact>();
    artifact->bytes = found->second;
    return std::unique_ptr<artifacts::Artifact>(std::move(artifact));
  }

  bool contains(const Digest& digest) const override { return blobs.contains(digest); }

  Result<void> remove(const Digest& digest) override {
    blobs.erase(digest);
    return {};
  }

  std::map<Digest, std::string> blobs;
  int commits = 0;
};

/// A core that believes whatever it is told.
class FakeLedger final : public InputLedger {
 public:
  void on_stored(const std::vector<core::StoredInput>& inputs) override {
    stored.insert(stored.end(), inputs.begin(), inputs.end());
  }

  void on_lost(const Digest& blob) override { lost.push_back(blob); }

  std::vector<Digest> take_expired(std::size_t limit) override {
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, expired.size()));
    std::vector<Digest> taken(expired.begin(), expired.begin() + count);
    expired.erase(expired.begin(), expired.begin() + count);
    return taken;
  }

  void on_removed(const std::vector<Digest>& inputs) override {
    removed.insert(removed.end(), inputs.begin(), inputs.end());
  }

  std::vector<core::StoredInput> stored;
  std::vector<Digest> lost;
  std::vector<Digest> expired;
  std::vector<Digest> removed;
};

}  // namespace furrow::net
