#include "coordinator/artifacts/folder_store.h"

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/files.h"

namespace furrow::artifacts {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kReadBytes = 1 << 20;

fs::path incoming_folder(const fs::path& root) {
  return root / "incoming";
}

/// A file in ROOT/incoming, hashed while it is written and gone with its owner unless it moved.
class FileUpload final : public Upload {
 public:
  FileUpload(const Digest& digest, fs::path path, FileDescriptor file)
      : digest_(digest), path_(std::move(path)), file_(std::move(file)) {}

  ~FileUpload() override {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  Result<void> append(std::string_view bytes) override {
    hash_.add(bytes);
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Unexpected(errno_error("cannot write " + path_.string()));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  const Digest& digest() const { return digest_; }

  /// Whether the bytes are what the name promises. Call once.
  Result<void> check_digest() {
    const Digest found = hash_.finish();
    if (found == digest_) return {};
    return fail(ErrorKind::Invalid, "the bytes of blob " + digest_.hex() + " hash to " +
                                        found.hex() + ": they were damaged on the way");
  }

  /// Starts the writing without waiting, so that the syncs of a batch overlap.
  void start_writing() const { ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE); }

  Result<void> sync() const {
    if (::fdatasync(file_.get()) == 0) return {};
    return Unexpected(errno_error("cannot sync " + path_.string()));
  }

  Result<void> move_to(const fs::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) {
      return Unexpected(errno_error("cannot rename to " + target.string()));
    }
    path_.clear();
    return {};
  }

 private:
  const Digest digest_;
  fs::path path_;
  FileDescriptor file_;
  Sha256 hash_;
};

class FileArtifact final : public Artifact {
 public:
  FileArtifact(FileDescriptor file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  std::uint64_t size() const override { return size_; }

  Result<std::string> read(std::uint64_t offset, std::size_t limit) const override {
    std::string bytes(std::min<std::uint64_t>(limit, size_ - offset), '\0');
    for (std::size_t filled = 0; filled < bytes.size();) {
      const ssize_t got = ::pread(file_.get(), bytes.data() + filled, bytes.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Unexpected(errno_error("cannot read a stored blob"));
      if (got == 0) return fail(ErrorKind::Io, "a stored blob is shorter than it was");
      filled += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  const FileDescriptor file_;
  const std::uint64_t size_;
};

Result<void> sync_folder(const fs::path& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.is_open() && ::fsync(fd.get()) == 0) return {};
  return Unexpected(errno_error("cannot sync the folder " + folder.string()));
}

[[noreturn]] void end_process(const Error& error) {
  spdlog::critical("{}; the coordinator ends, because what is on the disk is not known any more",
                   error.message);
  spdlog::shutdown();
  std::_Exit(EXIT_FAILURE);
}

/// True: it is new, so its parent has to be synced as well.
Result<bool> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0755) == 0) return true;
  if (errno == EEXIST) return false;
  return Unexpected(errno_error("cannot make the folder " + folder.string()));
}

Result<std::size_t> empty_folder(const fs::path& folder) {
  std::size_t removed = 0;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (fs::remove(it->path(), failed)) ++removed;
  }
  if (failed) {
    return fail(ErrorKind::Io, "cannot empty " + folder.string() + ": " + failed.message());
  }
  return removed;
}

/// Checks, syncs and renames every upload; then each touched folder is synced once. A folder that
/// cannot be synced ends the process: a second sync may lie, and what an upload has replaced there
/// may be a blob that was acknowledged long ago, so nothing can be taken back either.
class CommitBatch {
 public:
  CommitBatch(const FolderStore& store, const fs::path& root,
              std::vector<std::unique_ptr<Upload>> uploads)
      : store_(store), root_(root), outcomes_(uploads.size()) {
    for (auto& upload : uploads) {
      uploads_.emplace_back(static_cast<FileUpload*>(upload.release()));
    }
  }

  std::vector<Result<void>> run() {
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      outcomes_[i] = uploads_[i]->check_digest();
      if (outcomes_[i]) uploads_[i]->start_writing();
    }
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      if (outcomes_[i]) outcomes_[i] = place(*uploads_[i]);
    }
    for (const auto& folder : touched_) {
      if (const auto synced = sync_folder(folder); !synced) end_process(synced.error());
    }
    return std::move(outcomes_);
  }

 private:
  Result<void> place(FileUpload& upload) {
    FURROW_TRY_VOID(upload.sync());
    const auto target = store_.path_of(upload.digest());
    FURROW_TRY(const bool is_new, make_folder(target.parent_path()));
    if (is_new) touched_.insert(root_);
    FURROW_TRY_VOID(upload.move_to(target));
    touched_.insert(target.parent_path());
    return {};
  }

  const FolderStore& store_;
  const fs::path& root_;
  std::vector<std::unique_ptr<FileUpload>> uploads_;
  std::vector<Result<void>> outcomes_;
  std::set<fs::path> touched_;
};

}  // namespace

Result<std::unique_ptr<FolderStore>> FolderStore::open(const fs::path& root) {
  std::error_code failed;
  fs::create_directories(incoming_folder(root), failed);
  if (failed) {
    return fail(ErrorKind::Io, "cannot make the folder " + incoming_folder(root).string() + ": " +
                                   failed.message());
  }
  FURROW_TRY(const std::size_t swept, empty_folder(incoming_folder(root)));
  FURROW_TRY_VOID(sync_folder(root));
  return std::unique_ptr<FolderStore>(new FolderStore(root, swept));
}

fs::path FolderStore::path_of(const Digest& digest) const {
  const std::string hex = digest.hex();
  return root_ / hex.substr(0, 2) / hex.substr(2);
}

Result<std::unique_ptr<Upload>> FolderStore::begin(const Digest& digest) {
  auto path = incoming_folder(root_) / std::to_string(next_incoming_++);
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.is_open()) return Unexpected(errno_error("cannot write " + path.string()));
  return std::unique_ptr<Upload>(
      std::make_unique<FileUpload>(digest, std::move(path), std::move(file)));
}

std::vector<Result<void>> FolderStore::commit(std::vector<std::unique_ptr<Upload>> uploads) {
  return CommitBatch(*this, root_, std::move(uploads)).run();
}

Result<std::unique_ptr<Artifact>> FolderStore::open(const Digest& digest) const {
  const auto path = path_of(digest);
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

  struct stat status {};

  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    if (errno == ENOENT) return fail(ErrorKind::NotFound, "no blob is called " + digest.hex());
    return Unexpected(errno_error("cannot read " + path.string()));
  }
  auto artifact =
      std::make_unique<FileArtifact>(std::move(file), static_cast<std::uint64_t>(status.st_size));
  Sha256 hash;
  for (std::uint64_t offset = 0; offset < artifact->size();) {
    FURROW_TRY(const std::string bytes, artifact->read(offset, kReadBytes));
    hash.add(bytes);
    offset += bytes.size();
  }
  if (hash.finish() != digest) {
    return fail(ErrorKind::Io, "the stored blob " + path.string() +
                                   " is damaged: its bytes are not those of its name. Restore it "
                                   "from a backup, or retry its cell");
  }
  return std::unique_ptr<Artifact>(std::move(artifact));
}

bool FolderStore::contains(const Digest& digest) const {
  std::error_code ignored;
  return fs::is_regular_file(path_of(digest), ignored);
}

Result<void> FolderStore::remove(const Digest& digest) {
  const auto path = path_of(digest);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Unexpected(errno_error("cannot remove " + path.string()));
}

}  // namespace furrow::artifacts
